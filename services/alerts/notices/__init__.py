"""What somebody is told on their phone that asks nothing of them: notices."""
