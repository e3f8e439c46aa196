"""Operations that commands, sensors and assets call: cycles, backfills, history of stored versions, health."""
