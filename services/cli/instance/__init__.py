"""The embedded instance: a real Kafka, a real PostgreSQL and every service on one machine, under one supervisor."""
