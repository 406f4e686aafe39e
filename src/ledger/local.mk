libgw_a_SOURCES += src/ledger/rooch_id.c src/ledger/rooch_id.h
libgw_a_SOURCES += src/ledger/rooch_object.c src/ledger/rooch_object.h
libgw_a_SOURCES += src/ledger/subrav.c src/ledger/subrav.h
libgw_a_SOURCES += src/ledger/payment_header.c src/ledger/payment_header.h
libgw_a_SOURCES += src/ledger/rooch_did.c src/ledger/rooch_did.h
libgw_a_SOURCES += src/ledger/rooch_tx.c src/ledger/rooch_tx.h
libgw_a_SOURCES += src/ledger/rooch_call.c
libgw_a_SOURCES += src/ledger/rooch_tx_json.c
