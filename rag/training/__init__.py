"""How the reader's weights are made from questions with known answers; the weights stand beside."""
