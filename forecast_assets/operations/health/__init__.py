"""Health of connections, daemons, sensors and markets."""
