"""Compare the answers of an API with those that Omise is known or believed to give."""
