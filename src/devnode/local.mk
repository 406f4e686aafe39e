# The development ledger is a library of its own: one responder and the tests use it.
noinst_LIBRARIES += src/devnode/libdevnode.a
src_devnode_libdevnode_a_SOURCES = \
	src/devnode/dev_admin.c src/devnode/dev_admin.h \
	src/devnode/dev_args.c src/devnode/dev_args.h \
	src/devnode/dev_auth.c src/devnode/dev_auth.h \
	src/devnode/dev_call.c src/devnode/dev_call.h \
	src/devnode/dev_cancel.c \
	src/devnode/dev_channel.c src/devnode/dev_channel.h \
	src/devnode/dev_did.c src/devnode/dev_did.h \
	src/devnode/dev_did_change.c \
	src/devnode/dev_did_create.c \
	src/devnode/dev_exec.c src/devnode/dev_exec.h \
	src/devnode/dev_fault.c src/devnode/dev_fault.h \
	src/devnode/dev_methods.c \
	src/devnode/dev_money.c src/devnode/dev_money.h \
	src/devnode/dev_rpc.c src/devnode/dev_rpc.h \
	src/devnode/dev_sig.c src/devnode/dev_sig.h \
	src/devnode/dev_state.c src/devnode/dev_state.h \
	src/devnode/dev_view.c src/devnode/dev_view.h
