#!/bin/sh
# Dovecot as a peer: dovecot.sh start|stop|status VARIANT
# VARIANT: FORMAT[-xapian][-hash][-hib], FORMAT one of maildir sdbox mdbox.
#   -xapian  full text index (dovecot-fts-xapian), updated on delivery
#   -hash    passwords stored as BLF-CRYPT instead of PLAIN
#   -hib     imap-hibernate after 1 s of IDLE, and a new imap process for every connection (as shipped)
#            (needs fs.inotify.max_user_instances above the number of connections, or most are not hibernated)
# Without -hib an imap process serves up to 256 connections one after another, for faster logins.
# Ports on 127.0.0.1: LMTP 14024, IMAP 14143, IMAPS 14993, POP3 14110. Users user1..user${USERS:-50}, password "password".
# Needs the packages dovecot-imapd dovecot-pop3d dovecot-lmtpd (and dovecot-fts-xapian). Everything lies in ${PEERS_DIR:-/tmp/mailplus-peers}.
set -e
action=$1 variant=${2:-maildir}
root=${PEERS_DIR:-/tmp/mailplus-peers}
dir=$root/dovecot-$variant
format=${variant%%-*}
users=${USERS:-50}

write_config() {
    mkdir -p "$dir/mail" "$dir/run"
    id vmail >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin vmail
    chown vmail: "$dir/mail"
    if [ ! -e "$root/tls.pem" ]; then
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mail.example.test -keyout "$root/tls.key" -out "$root/tls.pem" 2>/dev/null
    fi
    secret='{PLAIN}password'
    case $variant in *-hash*) secret=$(doveadm pw -s BLF-CRYPT -p password);; esac
    i=1
    : > "$dir/users"
    while [ $i -le "$users" ]; do
        echo "user$i:$secret" >> "$dir/users"
        echo "user$i@example.test:$secret" >> "$dir/users"
        i=$((i + 1))
    done
    case $format in
        maildir) location="maildir:$dir/mail/%n/Maildir";;
        *) location="$format:$dir/mail/%n/$format";;
    esac
    plugins= fts= idle= reuse=256
    case $variant in *-xapian*)
        plugins="mail_plugins = fts fts_xapian"
        fts="plugin {
  fts = xapian
  fts_xapian = partial=3 full=20
  fts_autoindex = yes
  fts_enforced = yes
}
service indexer-worker {
  vsz_limit = 2G
}";;
    esac
    case $variant in *-hib*) reuse=1 idle="imap_hibernate_timeout = 1s
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0660
    group = vmail
  }
  client_limit = 4096
}
service imap {
  unix_listener imap-master {
    user = dovecot
  }
}";; esac
    cat > "$dir/dovecot.conf" <<CONF
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
listen = 127.0.0.1
protocols = imap pop3 lmtp
ssl = yes
ssl_cert = <$root/tls.pem
ssl_key = <$root/tls.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Ln
mail_location = $location
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
last_valid_uid = 0
mail_max_userip_connections = 5000
mail_fsync = ${MAIL_FSYNC:-optimized}
default_client_limit = 8000
default_vsz_limit = 2G
passdb {
  driver = passwd-file
  args = username_format=%u $dir/users
}
userdb {
  driver = static
  args = uid=vmail gid=vmail home=$dir/mail/%n
}
namespace inbox {
  inbox = yes
}
protocol lmtp {
  auth_username_format = %Ln
}
service imap-login {
  inet_listener imap {
    port = 14143
  }
  inet_listener imaps {
    port = 14993
    ssl = yes
  }
  service_count = 0
  process_min_avail = 2
  client_limit = 4000
}
service pop3-login {
  inet_listener pop3 {
    port = 14110
  }
  inet_listener pop3s {
    port = 0
  }
  service_count = 0
  process_min_avail = 2
}
service imap {
  process_limit = 3000
  service_count = $reuse
}
service pop3 {
  service_count = 256
}
service lmtp {
  inet_listener lmtp {
    port = 14024
  }
  process_min_avail = 4
}
service anvil {
  client_limit = 12000
}
service auth {
  client_limit = 12000
}
$plugins
$fts
$idle
CONF
}

case $action in
    start)
        write_config
        dovecot -c "$dir/dovecot.conf" > "$dir/start.log" 2>&1 < /dev/null
        echo "dovecot $variant: imap=14143 imaps=14993 pop3=14110 lmtp=14024 pid=$(cat "$dir/run/master.pid")";;
    stop)
        [ -e "$dir/run/master.pid" ] && doveadm -c "$dir/dovecot.conf" stop || true;;
    wipe)
        rm -rf "$dir/mail";;
    pid)
        cat "$dir/run/master.pid";;
    status)
        [ -e "$dir/run/master.pid" ] && echo "running $(cat "$dir/run/master.pid")" || echo stopped;;
    *) echo "usage: $0 start|stop|wipe|pid|status VARIANT" >&2; exit 2;;
esac
