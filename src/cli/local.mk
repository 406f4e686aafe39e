libgw_a_SOURCES +=
