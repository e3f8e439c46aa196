"""Configuration: settings, markets, secrets and the connections to Azure and Dremio."""
