# Files of man/.
dist_man_MANS += man/llm-gateway-client.1
dist_man_MANS += man/llm-gateway-mock.8
dist_man_MANS += man/llm-gateway.conf.5
dist_man_MANS += man/llm-gateway.1
dist_man_MANS += man/rooch-devnode.fcgi.8
dist_man_MANS += man/llm-gateway-responders.8 man/openai.fcgi.8 man/openrouter.fcgi.8 man/litellm.fcgi.8 man/claude.fcgi.8
dist_man_MANS += man/gemini.fcgi.8 man/payment-channel.fcgi.8 man/gateway.fcgi.8
dist_man_MANS += man/llm-gateway-settle.8
