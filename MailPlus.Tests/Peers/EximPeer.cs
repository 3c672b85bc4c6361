using System.Net;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Peers;

/// <summary>What an <see cref="EximPeer"/> is told.</summary>
/// <param name="Domains">Domains it takes mail for; mail for others it sends on.</param>
/// <param name="Pem">Key and certificate it shows.</param>
/// <param name="Resolver">Address of the DNS server it asks, at port 53.</param>
/// <param name="RemotePort">Port of the servers it sends to.</param>
internal sealed record EximPlan(IReadOnlyList<string> Domains, string Pem, IPAddress Resolver, int RemotePort);

/// <summary>
/// Debian's Exim on a free loopback port. Its package and Postfix's exclude each other, so test.sh only unpacks it, and it runs in a root folder
/// of its own, with the user, the libraries and the resolv.conf it wants.
/// </summary>
internal sealed class EximPeer : IAsyncDisposable
{
    private readonly string _root;
    private readonly ChildProcess _process;

    private EximPeer(string root, int port, ChildProcess process) => (_root, Port, _process) = (root, port, process);

    /// <summary>The program as test.sh unpacked it.</summary>
    public static string Program { get; } = Path.Combine(PeerTools.Folder, "unpacked", "exim4-daemon-light", "usr", "sbin", "exim4");

    public int Port { get; }

    /// <summary>Starts it; needs root, for the folder and as Exim does.</summary>
    public static async Task<EximPeer> StartAsync(int port, EximPlan plan)
    {
        var root = System.IO.Directory.CreateTempSubdirectory("mailplus-exim-").FullName;
        foreach (var folder in new[] { "etc/exim4", "usr/sbin", "dev", "tmp", "var/spool/exim4", "var/log/exim4", "mail" })
        {
            System.IO.Directory.CreateDirectory(Path.Combine(root, folder));
        }

        await WriteAsync(root, "etc/passwd", "root:x:0:0::/:/bin/false\nDebian-exim:x:901:901::/:/bin/false\n");
        await WriteAsync(root, "etc/group", "root:x:0:\nmail:x:8:\nDebian-exim:x:901:\n");
        await WriteAsync(root, "etc/hosts", "127.0.0.1 localhost\n");
        await WriteAsync(root, "etc/nsswitch.conf", "hosts: files dns\n");
        await WriteAsync(root, "etc/resolv.conf", $"nameserver {plan.Resolver}\noptions trust-ad\n");
        await WriteAsync(root, "etc/exim4/server.pem", plan.Pem);
        await WriteAsync(root, "etc/exim4/exim4.conf", Configuration(plan, port));
        await WriteAsync(root, "dev/null", ""); // it insists on one; a real device may not be allowed here
        (await ChildProcess.RunAsync("bash", ["-ec", $$"""
            cd {{root}}
            chmod 755 .
            chmod 666 dev/null
            chmod 1777 tmp
            cp {{Program}} usr/sbin/exim4
            chmod 755 usr/sbin/exim4
            for library in $(ldd {{Program}} | grep -o '/[^ ]*'); do mkdir -p ".${library%/*}"; cp -L "$library" ".$library"; done
            chown 901:901 etc/exim4/server.pem
            chmod 600 etc/exim4/server.pem
            chown -R 901:901 var/spool/exim4 var/log/exim4 mail
            """])).MustSucceed("making Exim's root folder");
        var peer = new EximPeer(root, port, ChildProcess.Start("chroot", [root, "/usr/sbin/exim4", "-bdf", "-q2s"]));
        await Eventually.TrueAsync(
            () =>
            {
                Xunit.Assert.False(peer._process.HasExited, peer.Log());
                return Task.FromResult(peer.Log().Contains("daemon started", StringComparison.Ordinal));
            },
            peer.Log);
        return peer;
    }

    /// <summary>Raw text of every message delivered for a recipient.</summary>
    public IReadOnlyList<string> Received(string localPart, string domain)
    {
        var folder = Path.Combine(_root, "mail", "all", "new");
        return System.IO.Directory.Exists(folder)
            ? [.. System.IO.Directory.GetFiles(folder).Select(File.ReadAllText).Where(m => m.Contains($"Envelope-to: {localPart}@{domain}\n", StringComparison.Ordinal))]
            : [];
    }

    /// <summary>Its logs and what it printed.</summary>
    public string Log() => string.Concat(System.IO.Directory.GetFiles(Path.Combine(_root, "var", "log", "exim4")).Order(StringComparer.Ordinal).Select(File.ReadAllText)) + _process.Tail();

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync(TimeSpan.FromSeconds(30));
        await _process.DisposeAsync();

        // A delivery under way ends by itself and may still be writing.
        await Eventually.TrueAsync(
            () =>
            {
                try
                {
                    System.IO.Directory.Delete(_root, recursive: true);
                    return Task.FromResult(true);
                }
                catch (IOException)
                {
                    return Task.FromResult(!System.IO.Directory.Exists(_root));
                }
            },
            () => $"{_root} is removed");
    }

    private static Task WriteAsync(string root, string file, string text) => File.WriteAllTextAsync(Path.Combine(root, file), text);

    private static string Configuration(EximPlan plan, int port) => $$"""
        primary_hostname = mx.exim.test
        daemon_smtp_ports = {{port}}
        local_interfaces = 127.0.0.1
        disable_ipv6 = true
        keep_environment =
        spool_directory = /var/spool/exim4
        log_file_path = /var/log/exim4/%slog
        log_selector = +tls_cipher +tls_certificate_verified
        check_spool_space = 0
        check_log_space = 0
        host_lookup =
        rfc1413_hosts =
        tls_advertise_hosts = *
        tls_certificate = /etc/exim4/server.pem
        tls_privatekey = /etc/exim4/server.pem
        dns_dnssec_ok = 1
        domainlist here = {{string.Join(" : ", plan.Domains)}}
        acl_smtp_rcpt = recipient

        begin acl
        recipient:
          deny local_parts = never
            message = there is no such person here
          accept

        begin routers
        here:
          driver = accept
          domains = +here
          transport = maildir
        elsewhere:
          driver = dnslookup
          domains = ! +here
          self = send
          dnssec_request_domains = *
          transport = smtp

        begin transports
        maildir:
          driver = appendfile
          directory = /mail/all
          maildir_format
          create_directory
          return_path_add
          envelope_to_add
          user = Debian-exim
        smtp:
          driver = smtp
          port = {{plan.RemotePort}}
          allow_localhost
          dnssec_request_domains = *
          hosts_try_dane = *

        begin retry
        * * F,1h,2s

        """;
}
