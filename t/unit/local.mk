# One line per program keeps merges simple.
check_PROGRAMS += t/unit/u-picousd
TESTS += t/unit/u-picousd
t_unit_u_picousd_LDADD = $(GW_LIBS)
check_PROGRAMS += t/unit/u-conf
TESTS += t/unit/u-conf
t_unit_u_conf_LDADD = $(GW_LIBS)
check_PROGRAMS += t/unit/u-jscan
TESTS += t/unit/u-jscan
t_unit_u_jscan_LDADD = $(GW_LIBS)
check_PROGRAMS += t/unit/u-jwrite
TESTS += t/unit/u-jwrite
t_unit_u_jwrite_LDADD = $(GW_LIBS)
check_PROGRAMS += t/unit/u-upstream
TESTS += t/unit/u-upstream
t_unit_u_upstream_LDADD = $(GW_LIBS)
