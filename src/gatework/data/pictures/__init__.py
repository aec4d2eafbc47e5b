"""Pictures with captions: from files, or drawn."""
