"""The console: pages for people over the same platform, each with a JSON twin at the same path."""
