"""What the pages show: one consistent read of the store flows in, frozen view records flow out."""
