"""What texts are made of: characters, words and pieces as numbers, and the vectors of words."""
