using System.Net;
using System.Text;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Peers;

/// <summary>STARTTLS of a <see cref="PostfixPeer"/>.</summary>
/// <param name="Pem">Key, certificate and those of its issuers.</param>
/// <param name="FurtherDomains">Domains it takes mail for, beside its own.</param>
internal sealed record PostfixTls(string Pem, IReadOnlyList<string> FurtherDomains);

/// <summary>
/// Debian's Postfix on a free loopback port with configuration, queue and log of its own: it takes mail for one domain into a folder, and
/// answers chosen recipients with chosen replies.
/// </summary>
internal sealed class PostfixPeer : IAsyncDisposable
{
    private readonly string _home;
    private readonly string _domain;
    private readonly PostfixTls? _tls;

    private PostfixPeer(string home, string domain, PostfixTls? tls, int port)
    {
        _home = home;
        _domain = domain;
        _tls = tls;
        Port = port;
    }

    public int Port { get; }

    private string Configuration => Path.Combine(_home, "etc");

    private string Replies => Path.Combine(Configuration, "replies");

    /// <summary>Starts it; needs root, as Postfix does.</summary>
    public static async Task<PostfixPeer> StartAsync(string domain, IReadOnlyDictionary<string, string> replies, PostfixTls? tls = null)
    {
        var peer = new PostfixPeer(System.IO.Directory.CreateTempSubdirectory("mailplus-postfix-").FullName, domain, tls, FreePort.Next());
        await peer.WriteAsync(replies);
        await peer.ControlAsync("start");
        return peer;
    }

    /// <summary>Changes what it answers to recipients, from the next connection on.</summary>
    public async Task ReplyAsync(IReadOnlyDictionary<string, string> replies)
    {
        await WriteRepliesAsync(replies);
        await ControlAsync("reload");
    }

    /// <summary>
    /// Makes it send mail for domains on, to a port of the servers DNS names, under STARTTLS and under DANE where keys are published. It asks a resolver at
    /// port 53: the part that sends is locked into the spool folder, with a resolv.conf of its own.
    /// </summary>
    public async Task SendOnAsync(IReadOnlyList<string> domains, IPAddress resolver, int port)
    {
        var transport = Path.Combine(Configuration, "transport");
        await File.WriteAllTextAsync(transport, string.Concat(domains.Select(domain => $"{domain} smtp:{domain}:{port}\n")));
        var etc = System.IO.Directory.CreateDirectory(Path.Combine(_home, "spool", "etc")).FullName;
        await File.WriteAllTextAsync(Path.Combine(etc, "resolv.conf"), $"nameserver {resolver}\noptions trust-ad\n");
        foreach (var (name, value) in new[]
        {
            ("relay_domains", string.Join(' ', domains)), ("transport_maps", $"texthash:{transport}"), ("disable_dns_lookups", "no"), ("smtp_host_lookup", "dns"),
            ("smtp_dns_support_level", "dnssec"), ("smtp_tls_security_level", "dane"), ("smtp_tls_loglevel", "1"),
        })
        {
            (await ChildProcess.RunAsync("postconf", ["-c", Configuration, "-e", $"{name}={value}"])).MustSucceed("postconf");
        }

        (await ChildProcess.RunAsync("postconf", ["-c", Configuration, "-F", "smtp/unix/chroot=y"])).MustSucceed("postconf");
        await ControlAsync("reload");
    }

    /// <summary>Raw text of every message delivered for a recipient.</summary>
    public IReadOnlyList<string> Received(string localPart, string? domain = null)
    {
        var folder = Path.Combine(_home, "mail", "all", "new");
        return System.IO.Directory.Exists(folder)
            ? [.. System.IO.Directory.GetFiles(folder).Select(File.ReadAllText).Where(m => m.Contains($"Delivered-To: {localPart}@{domain ?? _domain}\n", StringComparison.Ordinal))]
            : [];
    }

    /// <summary>Its log, for messages of failed tests and to see what was said.</summary>
    public string Log()
    {
        var file = Path.Combine(_home, "postfix.log");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    public async ValueTask DisposeAsync()
    {
        await ChildProcess.RunAsync("postfix", ["-c", Configuration, "stop"]);
        await ScratchFolder.DeleteAsync(_home);
    }

    private async Task ControlAsync(string what)
        => (await ChildProcess.RunAsync("postfix", ["-c", Configuration, what])).MustSucceed($"postfix {what}");

    private async Task WriteRepliesAsync(IReadOnlyDictionary<string, string> replies)
        => await File.WriteAllTextAsync(Replies, string.Concat(replies.Select(r => $"{r.Key}@{_domain} {r.Value}\n")));

    private async Task WriteAsync(IReadOnlyDictionary<string, string> replies)
    {
        foreach (var folder in new[] { "etc", "spool", "data", "mail" })
        {
            System.IO.Directory.CreateDirectory(Path.Combine(_home, folder));
        }

        foreach (var folder in new[] { _home, Path.Combine(_home, "mail") })
        {
            (await ChildProcess.RunAsync("chmod", ["755", folder])).MustSucceed("chmod");
        }

        foreach (var folder in new[] { "data", "mail" })
        {
            (await ChildProcess.RunAsync("chown", ["postfix", Path.Combine(_home, folder)])).MustSucceed("chown");
        }

        var user = (await ChildProcess.RunAsync("id", ["-u", "postfix"])).MustSucceed("id").Output.Trim();
        await WriteRepliesAsync(replies);
        await File.WriteAllTextAsync(Path.Combine(Configuration, "dynamicmaps.cf"), "");
        await File.WriteAllTextAsync(Path.Combine(Configuration, "main.cf"), $"""
            compatibility_level = 3.6
            queue_directory = {_home}/spool
            data_directory = {_home}/data
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            meta_directory = /etc/postfix
            shlib_directory = /usr/lib/postfix
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = mx.{_domain}
            mydestination =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mynetworks =
            disable_dns_lookups = yes
            smtpd_peername_lookup = no
            smtputf8_enable = yes
            alias_maps =
            alias_database =
            maillog_file = {_home}/postfix.log
            maillog_file_prefixes = {_home}
            virtual_mailbox_domains = {string.Join(' ', [_domain, .. _tls?.FurtherDomains ?? []])}
            virtual_mailbox_base = {_home}/mail
            virtual_mailbox_maps = static:all/
            virtual_minimum_uid = 1
            virtual_uid_maps = static:{user}
            virtual_gid_maps = static:{user}
            smtpd_recipient_restrictions = check_recipient_access texthash:{Replies}, reject_unauth_destination
            smtpd_relay_restrictions =

            """);
        if (_tls is not null)
        {
            var pem = Path.Combine(Configuration, "server.pem");
            await File.WriteAllTextAsync(pem, _tls.Pem);
            (await ChildProcess.RunAsync("chmod", ["600", pem])).MustSucceed("chmod");
            await File.AppendAllTextAsync(Path.Combine(Configuration, "main.cf"), $"smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {pem}\nsmtpd_tls_loglevel = 1\n");
        }

        await File.WriteAllTextAsync(Path.Combine(Configuration, "master.cf"), new StringBuilder()
            .Append(System.Globalization.CultureInfo.InvariantCulture, $"127.0.0.1:{Port} inet n - n - - smtpd\n")
            .Append("""
                pickup unix n - n 60 1 pickup
                cleanup unix n - n - 0 cleanup
                qmgr unix n - n 300 1 qmgr
                rewrite unix - - n - - trivial-rewrite
                bounce unix - - n - 0 bounce
                defer unix - - n - 0 bounce
                trace unix - - n - 0 bounce
                verify unix - - n - 1 verify
                flush unix n - n 1000? 0 flush
                proxymap unix - - n - - proxymap
                smtp unix - - n - - smtp
                error unix - - n - - error
                retry unix - - n - - error
                discard unix - - n - - discard
                local unix - n n - - local
                virtual unix - n n - - virtual
                anvil unix - - n - 1 anvil
                scache unix - - n - 1 scache
                tlsmgr unix - - n 1000? 1 tlsmgr
                postlog unix-dgram n - n - 1 postlogd

                """).ToString());
    }
}
