# A FastCGI client for tests.
check_PROGRAMS += t/fake/fcgicat
t_fake_fcgicat_LDADD =

# The mock provider. The second name is how it is installed, for the quick start and for curious people.
mock_sources = t/fake/mockllm.c t/fake/mock_llm.c t/fake/mock_script.c t/fake/mock.h
noinst_PROGRAMS += t/fake/mockllm
t_fake_mockllm_SOURCES = $(mock_sources)
t_fake_mockllm_LDADD = $(GW_LIBS)
gwlibexec_PROGRAMS += t/fake/llm-gateway-mock
t_fake_llm_gateway_mock_SOURCES = $(mock_sources)
t_fake_llm_gateway_mock_LDADD = $(GW_LIBS)

# A responder of its own, for what all responders have in common.
check_PROGRAMS += t/fake/hello.fcgi
t_fake_hello_fcgi_SOURCES = t/fake/hello.c
t_fake_hello_fcgi_LDADD = $(GW_LIBS) $(FCGI_LIBS)

# Authorization headers for tests that speak FastCGI.
check_PROGRAMS += t/fake/didauth
t_fake_didauth_LDADD = $(GW_LIBS)

# A database for tests.
check_PROGRAMS += t/fake/mkdb
t_fake_mkdb_LDADD = $(GW_LIBS)

# Starts a responder on a socket that it is handed.
check_PROGRAMS += t/fake/fcgistart
t_fake_fcgistart_LDADD =

# Payment headers and transactions of a payer.
check_PROGRAMS += t/fake/payer
t_fake_payer_LDADD = $(GW_LIBS)
# Payers with channels and vouchers, for the settlement program.
check_PROGRAMS += t/fake/mkvouchers
t_fake_mkvouchers_LDADD = $(GW_LIBS)
