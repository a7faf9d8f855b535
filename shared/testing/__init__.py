"""What tests of several services share: contract suites, fixed clocks, private servers."""
