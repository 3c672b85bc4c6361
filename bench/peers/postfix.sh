#!/bin/sh
# Postfix as a peer: postfix.sh start|stop|status [VARIANT]; receives on 127.0.0.1:2525 and delivers to LMTP 127.0.0.1:14024.
# VARIANT: default (as shipped), nodelay (in_flow_delay = 0, no wait when deliveries lag behind).
# Needs the package postfix. Everything lies in ${PEERS_DIR:-/tmp/mailplus-peers}.
set -e
action=$1 variant=${2:-default}
root=${PEERS_DIR:-/tmp/mailplus-peers}
dir=$root/postfix
lmtp=${LMTP_PORT:-14024}

write_config() {
    mkdir -p "$dir/etc" "$dir/spool" "$dir/data"
    chown postfix "$dir/data"
    [ -e /etc/postfix/dynamicmaps.cf ] && cp /etc/postfix/dynamicmaps.cf "$dir/etc/" || : > "$dir/etc/dynamicmaps.cf"
    flow=
    [ "$variant" = nodelay ] && flow="in_flow_delay = 0"
    cat > "$dir/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:$lmtp
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
disable_dns_lookups = yes
lmtp_host_lookup = native
local_header_rewrite_clients =
smtputf8_enable = yes
maillog_file = $dir/postfix.log
maillog_file_prefixes = $dir
alias_maps =
alias_database =
$flow
CONF
    sed -e 's/^\(smtp  *inet\) .*$/2525 inet n - n - - smtpd/;t' \
        -e 's/^\([a-z][a-z0-9-]*  *[a-z]*  *[-yn]  *[-yn]  *\)y /\1n /' \
        -e '/^#/d' -e '/^\(submission\|smtps\|submissions\)/,/^[^ ]/{/^ /d}' /etc/postfix/master.cf.proto > "$dir/etc/master.cf"
    grep -q '^postlog' "$dir/etc/master.cf" || echo 'postlog unix-dgram n - n - 1 postlogd' >> "$dir/etc/master.cf"
    sed -i 's/^2525/127.0.0.1:2525/' "$dir/etc/master.cf"
}

case $action in
    start)
        write_config
        postfix -c "$dir/etc" start > "$dir/start.log" 2>&1 < /dev/null
        echo "postfix $variant: smtp=2525 -> lmtp $lmtp pid=$(cat "$dir/spool/pid/master.pid" | tr -d ' ')";;
    stop) postfix -c "$dir/etc" stop > "$dir/stop.log" 2>&1 || true;;
    pid) tr -d ' ' < "$dir/spool/pid/master.pid";;
    status) postfix -c "$dir/etc" status;;
    queue) find "$dir/spool/incoming" "$dir/spool/active" "$dir/spool/deferred" -type f | wc -l;;
    *) echo "usage: $0 start|stop|pid|status|queue [default|nodelay]" >&2; exit 2;;
esac
