# Configuration of web servers. The files that `serve` fills in are compiled into it; all of them are
# installed, since an operator uses them as they are.
GW_WEB_FILES = conf/nginx-site.conf conf/lighttpd-site.conf conf/apache2-proxy-site.conf \
	conf/serve/nginx.conf conf/serve/nginx-devnode.conf conf/serve/lighttpd.conf \
	conf/serve/lighttpd-devnode.conf conf/serve/apache2.conf conf/serve/apache2-devnode.conf

nobase_dist_gwdata_DATA += $(GW_WEB_FILES) conf/apache2-fcgid-site.conf conf/lighttpd-spawn.conf \
	conf/llm-gateway.env conf/systemd/llm-gateway@.socket conf/systemd/llm-gateway@.service \
	conf/systemd/llm-gateway-settle.service conf/systemd/llm-gateway-settle.timer conf/llm-gateway-settle.cron
EXTRA_DIST += conf/embed
BUILT_SOURCES += src/cli/web_files.inc
CLEANFILES += src/cli/web_files.inc

src/cli/web_files.inc: conf/embed $(GW_WEB_FILES)
	@$(MKDIR_P) src/cli
	$(AM_V_GEN)for file in $(GW_WEB_FILES); do set -- "$$@" $(srcdir)/$$file; done; \
		$(SHELL) $(srcdir)/conf/embed "$$@" >$@.new && mv $@.new $@
src/cli/serve_web.$(OBJEXT): src/cli/web_files.inc
