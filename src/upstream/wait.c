/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "upstream/wait.h"

#include <errno.h>
#include <poll.h>

enum { LOOK_MS = 200 }; /* between looks at the client while libcurl waits */

void wait_begin(struct wait *w, struct lease *l, int client)
{
	*w = (struct wait){ .lease = l, .client = client };
}

static long connects(const struct wait *w)
{
	long n = -1;

	curl_easy_getinfo(w->lease->easy, CURLINFO_NUM_CONNECTS, &n);
	return n;
}

void wait_ready(struct wait *w)
{
	w->connects = connects(w);
	w->ready = true;
}

bool wait_hung_up(const struct wait *w)
{
	struct pollfd p = { .fd = w->client, .events = POLLRDHUP };

	return w->client >= 0 && poll(&p, 1, 0) > 0;
}

/*
 * A kept connection that turns out to be closed makes libcurl begin another, of which it did not tell
 * yet: then the count has changed.
 */
static bool is_out(struct wait *w, size_t body_len)
{
	curl_off_t sent = -1;

	w->out = w->ready && connects(w) == w->connects &&
		 curl_easy_getinfo(w->lease->easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK &&
		 sent == (curl_off_t)body_len && w->lease->n_sockets == 1;
	return w->out;
}

static enum wait_result plain(const struct wait *w, int ms)
{
	struct pollfd p[2] = { { .fd = w->lease->socket[0], .events = POLLIN },
			       { .fd = w->client, .events = POLLRDHUP } };
	long own = -1;

	/* what libcurl holds already, or wants to be woken for */
	if (curl_multi_timeout(w->lease->multi, &own) != CURLM_OK)
		return WAIT_FAILED;
	if (own >= 0 && own < ms)
		ms = (int)own;
	if (poll(p, 2, ms) < 0)
		return errno == EINTR ? WAIT_AGAIN : WAIT_FAILED;
	return p[1].revents ? WAIT_CLIENT_GONE : WAIT_AGAIN;
}

/* curl_multi_poll could not ask for a hang-up alone, and would wake for ever on unread input. */
static enum wait_result by_libcurl(const struct wait *w, int ms)
{
	if (w->client >= 0 && ms > LOOK_MS)
		ms = LOOK_MS;
	if (curl_multi_poll(w->lease->multi, NULL, 0, ms, NULL) != CURLM_OK)
		return WAIT_FAILED;
	return wait_hung_up(w) ? WAIT_CLIENT_GONE : WAIT_AGAIN;
}

enum wait_result wait_for_more(struct wait *w, size_t body_len, int ms)
{
	return (w->out && w->answered) || is_out(w, body_len) ? plain(w, ms) : by_libcurl(w, ms);
}
