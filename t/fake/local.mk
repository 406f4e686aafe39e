# Mock upstreams.
