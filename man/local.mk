# Files of man/.
dist_man_MANS += man/llm-gateway-client.1
dist_man_MANS += man/llm-gateway-mock.8
dist_man_MANS += man/llm-gateway.conf.5
dist_man_MANS += man/llm-gateway.1
dist_man_MANS += man/rooch-devnode.fcgi.8
