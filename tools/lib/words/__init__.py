"""Keeps the catalogue of words (``gateway/words/*/LC_MESSAGES``) in step with the sentences in the source."""
