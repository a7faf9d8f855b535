"""What a running process needs: time, ids, keys, settings, logs, metrics, loops."""
