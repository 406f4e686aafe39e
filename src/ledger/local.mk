libgw_a_SOURCES += src/ledger/rooch_id.c src/ledger/rooch_id.h
libgw_a_SOURCES += src/ledger/rooch_object.c src/ledger/rooch_object.h
libgw_a_SOURCES += src/ledger/subrav.c src/ledger/subrav.h
