"""What is to be predicted: how y is learnt, encoded, weighed, decoded and scored."""
