# Mock upstreams.
check_PROGRAMS += t/fake/fcgicat
t_fake_fcgicat_LDADD =
