package initcore

import (
	"path/filepath"
	"strings"
)

// foregrounds says how to run services in the foreground that put themselves into the
// background by default, or with a common option. A name without its version, such as
// php-fpm for php-fpm8.2, stands for all versions. It is an array, which the compiler lays
// out as data: PID 1 need not build it when it starts.
var foregrounds = [...]struct{ name, advice string }{
	{"apache2", "apache2ctl -DFOREGROUND"},
	{"apache2ctl", "apache2ctl -DFOREGROUND"},
	{"apachectl", "apachectl -DFOREGROUND"},
	{"atd", "atd -f"},
	{"bird", "bird -f"},
	{"caddy", "caddy run"},
	{"catalina.sh", "catalina.sh run"},
	{"chronyd", "chronyd -d"},
	{"collectd", "collectd -f"},
	{"cron", "cron -f"},
	{"crond", "crond -f (cronie: crond -n)"},
	{"cupsd", "cupsd -f"},
	{"dbus-daemon", "dbus-daemon --nofork --system"},
	{"dnsmasq", "dnsmasq --keep-in-foreground"},
	{"dovecot", "dovecot -F"},
	{"exim4", "exim4 -bdf"},
	{"fail2ban-server", "fail2ban-server -f"},
	{"gunicorn", "gunicorn without --daemon"},
	{"haproxy", "haproxy -W -db"},
	{"httpd", "httpd -DFOREGROUND"},
	{"keepalived", "keepalived --dont-fork"},
	{"lighttpd", "lighttpd -D"},
	{"mariadbd", "mariadbd without --daemonize"},
	{"memcached", "memcached without -d"},
	{"mongod", "mongod without --fork"},
	{"mysqld", "mysqld without --daemonize"},
	{"mysqld_safe", "mysqld"},
	{"named", "named -f"},
	{"nginx", "nginx -g 'daemon off;'"},
	{"nmbd", "nmbd --foreground --no-process-group"},
	{"nscd", "nscd --foreground"},
	{"ntpd", "ntpd -n"},
	{"openvpn", "openvpn without --daemon"},
	{"pg_ctl", "postgres -D DIR"},
	{"pg_ctlcluster", "pg_ctlcluster --foreground"},
	{"php-fpm", "php-fpm --nodaemonize"},
	{"pm2", "pm2-runtime"},
	{"postfix", "postfix start-fg"},
	{"postgres", "postgres -D DIR"},
	{"proftpd", "proftpd --nodaemon"},
	{"redis-server", "redis-server --daemonize no"},
	{"rpcbind", "rpcbind -f"},
	{"rsyslogd", "rsyslogd -n"},
	{"slapd", "slapd -d 0"},
	{"smbd", "smbd --foreground --no-process-group"},
	{"snmpd", "snmpd -f"},
	{"squid", "squid --foreground"},
	{"sshd", "/usr/sbin/sshd -D -e"},
	{"supervisord", "supervisord --nodaemon"},
	{"tor", "tor --RunAsDaemon 0"},
	{"uwsgi", "uwsgi without --daemonize"},
	{"valkey-server", "valkey-server --daemonize no"},
	{"varnishd", "varnishd -F"},
	{"vsftpd", "vsftpd -obackground=NO"},
	{"xinetd", "xinetd -dontfork"},
	{"zabbix_server", "zabbix_server --foreground"},
	{"zkServer.sh", "zkServer.sh start-foreground"},
}

// services are names of services, if a service manager starts them by another name than
// their program's.
var services = [...]struct{ name, program string }{
	{"apache2", "apache2ctl"},
	{"mariadb", "mariadbd"},
	{"mysql", "mysqld"},
	{"postgresql", "postgres"},
	{"redis", "redis-server"},
	{"rsyslog", "rsyslogd"},
	{"ssh", "sshd"},
}

// foreground returns how to run a program in the foreground, by the name of its command or
// by its command name; "" if the table does not have it.
func foreground(name string) string {
	if name == "" {
		return ""
	}
	base := strings.TrimRight(name, "0123456789.-")
	for i := range foregrounds {
		if f := &foregrounds[i]; f.name == name || f.name == base || len(name) == commLen && strings.HasPrefix(f.name, name) {
			return f.advice
		}
	}
	return ""
}

// started returns the name of the service that a command starts by way of a service
// manager: service(8), a script of init.d, rc-service(8); "" if it does not.
func started(args []string) string {
	name := ""
	switch base := filepath.Base(args[0]); {
	case len(args) >= 3 && args[2] == "start" && (base == "service" || base == "rc-service" || base == "invoke-rc.d"):
		name = args[1]
	case len(args) >= 2 && args[1] == "start" && strings.HasPrefix(args[0], "/etc/init.d/"):
		name = base
	}
	for i := range services {
		if services[i].name == name {
			return services[i].program
		}
	}
	return name
}
