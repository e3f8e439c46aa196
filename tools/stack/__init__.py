"""The processes of ``deploy/compose.yaml``, started without a container engine from the built image."""
