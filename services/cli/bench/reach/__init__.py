"""`bench reach`: how soon somebody who comes into reach of a standing zone is told on the log."""
