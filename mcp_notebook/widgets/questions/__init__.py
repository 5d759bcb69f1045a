"""What servers ask: in words, and on a card where a person answers."""
