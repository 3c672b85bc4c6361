#!/bin/sh
# Cyrus IMAP as a peer: cyrus.sh start|stop|pid|wipe. It conflicts with Dovecot's packages, so it runs in a chroot of its own:
#   debootstrap --variant=minbase bookworm $PEERS_DIR/cyrus-root
#   chroot $PEERS_DIR/cyrus-root apt-get install -y --no-install-recommends cyrus-imapd cyrus-pop3d cyrus-admin sasl2-bin libsasl2-modules
# (put a policy-rc.d that exits 101 into the chroot first). MAIL_FSYNC=never (for filling only) needs eatmydata in the chroot. Ports on 127.0.0.1: LMTP 15024, IMAP 15143, POP3 15110.
set -e
action=$1
root=${PEERS_DIR:-/tmp/mailplus-peers}
jail=$root/cyrus-root
users=${USERS:-50}

write_config() {
    cat > "$jail/etc/imapd.conf" <<CONF
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
defaultpartition: default
partition-default: /var/spool/cyrus/mail
altnamespace: yes
unixhierarchysep: yes
lmtp_downcase_rcpt: yes
admins: cyrus
umask: 077
hashimapspool: true
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: /etc/sasldb-bench
servername: example.test
virtdomains: off
defaultdomain: example.test
autocreate_quota: 0
autocreate_post: yes
lmtp_over_quota_perm_failure: no
lmtpsocket: /run/cyrus/socket/lmtp
idlesocket: /run/cyrus/socket/idle
notifysocket: /run/cyrus/socket/notify
search_engine: none
syslog_prefix: cyrus
duplicatesuppression: no
imapidlepoll: 60
maxlogins_per_user: 0
maxlogins_per_host: 0
CONF
    cat > "$jail/etc/cyrus.conf" <<CONF
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
  idled cmd="idled"
}
SERVICES {
  imap cmd="imapd -U 250" listen="127.0.0.1:15143" proto="tcp4" prefork=4 maxchild=1200
  pop3 cmd="pop3d -U 250" listen="127.0.0.1:15110" proto="tcp4" prefork=2 maxchild=100
  lmtp cmd="lmtpd -a -U 250" listen="127.0.0.1:15024" proto="tcp4" prefork=2 maxchild=50
}
EVENTS {
  checkpoint cmd="/usr/sbin/cyrus ctl_cyrusdb -c" period=30
}
CONF
    mkdir -p "$jail/run/cyrus/proc" "$jail/run/cyrus/lock" "$jail/run/cyrus/socket"
    chroot "$jail" chown -R cyrus:mail /run/cyrus
    [ -e "$jail/dev/urandom" ] || mknod -m 666 "$jail/dev/urandom" c 1 9
    [ -e "$jail/dev/null" ] || mknod -m 666 "$jail/dev/null" c 1 3
    mountpoint -q "$jail/proc" || mount -t proc proc "$jail/proc"
    if [ ! -e "$jail/etc/sasldb-bench" ]; then
        i=1
        while [ $i -le "$users" ]; do
            printf password | chroot "$jail" saslpasswd2 -c -p -f /etc/sasldb-bench -u example.test "user$i"
            i=$((i + 1))
        done
        printf password | chroot "$jail" saslpasswd2 -c -p -f /etc/sasldb-bench -u example.test cyrus
        chroot "$jail" chown cyrus /etc/sasldb-bench
    fi
}

case $action in
    start)
        write_config
        preload=
        [ "$MAIL_FSYNC" = never ] && preload=libeatmydata.so
        chroot "$jail" env LD_PRELOAD=$preload /usr/lib/cyrus/bin/master -p /run/cyrus/master.pid -d > "$root/cyrus.log" 2>&1 < /dev/null
        sleep 2
        echo "cyrus: imap=15143 pop3=15110 lmtp=15024 pid=$(tr -d ' \n' < "$jail/run/cyrus/master.pid")";;
    stop)
        if [ -e "$jail/run/cyrus/master.pid" ]; then
            pid=$(tr -d ' \n' < "$jail/run/cyrus/master.pid")
            kill -QUIT "$pid" 2>/dev/null || true
            n=0
            while kill -0 "$pid" 2>/dev/null && [ $n -lt 20 ]; do sleep 0.5; n=$((n + 1)); done
            kill -TERM "$pid" 2>/dev/null || true
        fi
        mountpoint -q "$jail/proc" && umount "$jail/proc" || true;;
    pid) tr -d ' \n' < "$jail/run/cyrus/master.pid";;
    wipe) rm -rf "$jail/var/lib/cyrus" "$jail/var/spool/cyrus";;
    *) echo "usage: $0 start|stop|pid|wipe" >&2; exit 2;;
esac
