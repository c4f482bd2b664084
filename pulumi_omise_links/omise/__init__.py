"""The one door to Omise: typed calls, and the care that links with money behind them need."""
