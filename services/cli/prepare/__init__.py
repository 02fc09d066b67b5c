"""What must exist before services start: one database with a role and a schema per service, and every declared topic.

Idempotent, and the same for the embedded instance, containers and an operator's own Kafka and PostgreSQL.
"""
