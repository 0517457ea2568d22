"""What the product is held against: the same task done with the libraries' own means, in as few lines as it takes."""
