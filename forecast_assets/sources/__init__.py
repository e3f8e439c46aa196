"""Deliveries: the contract, files in a landing folder, tables in Dremio, and the SQL that turns them into tables."""
