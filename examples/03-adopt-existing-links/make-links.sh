#!/bin/sh
# Makes three links on the local Omise, as a person would in Omise's dashboard.
set -eu
make() {
  curl -sS --fail --output /dev/null "$OMISE_API_URL/_emulator/links" --data \
    "{\"title\": \"$1\", \"description\": \"$2\", \"amount\": $3, \"multiple\": true}"
}
make "Spring concert" "One ticket" 150000
make "Business lunch" "Three courses" 49000
make "Donation" "For the new organ" 10000
