"""The recurrent estimators, one file each, and what they share."""
