using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailPlus.Tests.Support;

namespace MailPlus.Tests.Peers;

/// <summary>How a zone of <see cref="UnboundPeer"/> is served.</summary>
internal enum ZoneSafety
{
    Unsigned,
    Signed,

    /// <summary>Signed; its TLSA records were changed afterwards.</summary>
    Tampered,
}

/// <summary>Debian's unbound on a free loopback port, validating, with zones of the test's own that ldns-signzone signed. Everything is in a folder of its own.</summary>
internal sealed class UnboundPeer : IAsyncDisposable
{
    private readonly string _home = System.IO.Directory.CreateTempSubdirectory("mailplus-unbound-").FullName;
    private ChildProcess? _process;

    private UnboundPeer(int port) => EndPoint = new IPEndPoint(IPAddress.Loopback, port);

    /// <summary>For programs that ask at port 53 and nowhere else: a loopback address of this resolver's own, where it listens on that port too.</summary>
    public IPAddress? OwnAddress { get; private init; }

    public static bool IsInstalled => ChildProcess.Find("unbound") is not null && ChildProcess.Find("ldns-signzone") is not null;

    public IPEndPoint EndPoint { get; }

    /// <summary>What it printed.</summary>
    public string Log() => _process?.Tail() ?? "";

    /// <summary>Starts it with zones by name: their records in master file form, relative to the zone.</summary>
    public static async Task<UnboundPeer> StartAsync(IReadOnlyDictionary<string, (ZoneSafety Safety, string Records)> zones, bool withOwnAddress = false)
    {
        for (var tries = 0; ; tries++)
        {
            var peer = new UnboundPeer(FreePort.Next())
            {
                OwnAddress = withOwnAddress ? new IPAddress([127, .. RandomNumberGenerator.GetBytes(2), (byte)RandomNumberGenerator.GetInt32(2, 254)]) : null,
            };
            await peer.WriteAsync(zones);
            peer._process = ChildProcess.Start("unbound", ["-d", "-c", Path.Combine(peer._home, "unbound.conf")]);
            await Eventually.TrueAsync(
                () => Task.FromResult(peer._process.HasExited || peer._process.Lines.Any(line => line.Contains("start of service", StringComparison.Ordinal))), peer.Log);
            if (!peer._process.HasExited)
            {
                return peer;
            }

            var log = peer.Log();
            await peer.DisposeAsync();
            if (tries == 5)
            {
                throw new InvalidOperationException($"unbound ended\n{log}"); // five ports cannot all have been taken meanwhile
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        await ScratchFolder.DeleteAsync(_home);
    }

    private async Task WriteAsync(IReadOnlyDictionary<string, (ZoneSafety Safety, string Records)> zones)
    {
        var configuration = new StringBuilder($"""
            server:
              directory: "{_home}"
              chroot: ""
              username: ""
              pidfile: "{_home}/pid"
              use-syslog: no
              logfile: ""
              interface: 127.0.0.1@{EndPoint.Port}
              {(OwnAddress is null ? "" : $"interface: {OwnAddress}@53")}
              do-daemonize: no
              do-ip6: no
              num-threads: 1
              module-config: "validator iterator"
              local-zone: "test." nodefault
              val-log-level: 2

            """);
        var served = new StringBuilder();
        foreach (var (zone, (safety, records)) in zones)
        {
            var file = $"{zone}.zone";
            await File.WriteAllTextAsync(Path.Combine(_home, file), $"""
                $ORIGIN {zone}.
                $TTL 60
                @ IN SOA ns root 1 3600 600 86400 60
                @ IN NS ns
                ns IN A 127.0.0.1
                {string.Join('\n', records.Split('\n', StringSplitOptions.TrimEntries))}

                """);
            if (safety != ZoneSafety.Unsigned)
            {
                var key = (await ChildProcess.RunInAsync(_home, "ldns-keygen", ["-k", "-a", "ECDSAP256SHA256", zone], TimeSpan.FromMinutes(3))).MustSucceed("ldns-keygen").Output.Trim();
                (await ChildProcess.RunInAsync(_home, "ldns-signzone", ["-f", $"{zone}.signed", file, key], TimeSpan.FromMinutes(3))).MustSucceed("ldns-signzone");
                configuration.Append(System.Globalization.CultureInfo.InvariantCulture, $"  trust-anchor-file: \"{key}.ds\"\n");
                file = $"{zone}.signed";
            }

            if (safety == ZoneSafety.Tampered)
            {
                var signed = await File.ReadAllLinesAsync(Path.Combine(_home, file));
                await File.WriteAllLinesAsync(Path.Combine(_home, file), signed.Select(line => line.Contains("\tTLSA\t", StringComparison.Ordinal) && !line.Contains("RRSIG", StringComparison.Ordinal) ? line[..^4] + "ffff" : line));
            }

            // The zone is asked as an upstream server would be, so that the validator sees its answers.
            served.Append(System.Globalization.CultureInfo.InvariantCulture, $"auth-zone:\n  name: \"{zone}\"\n  zonefile: \"{file}\"\n  for-downstream: no\n  for-upstream: yes\n  fallback-enabled: no\n");
        }

        configuration.Append("remote-control:\n  control-enable: no\n").Append(served);
        await File.WriteAllTextAsync(Path.Combine(_home, "unbound.conf"), configuration.ToString());
    }
}
