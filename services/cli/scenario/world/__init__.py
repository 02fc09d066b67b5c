"""The simulated world a scenario meets: answers, journeys and people met. Seeded, pure, without state."""
