using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Tls.Acme;

/// <summary>Where the automatic certificate stands.</summary>
public enum AcmePhase
{
    /// <summary>Switched off.</summary>
    Off,

    /// <summary>The server has no host name yet.</summary>
    Nameless,

    /// <summary>An uploaded certificate is in use; it stays until it is taken back.</summary>
    Uploaded,

    /// <summary>Ordered, and renewed at <see cref="AcmeState.Next"/>.</summary>
    Current,

    /// <summary>Being ordered.</summary>
    Ordering,

    /// <summary>The last order failed; tried again at <see cref="AcmeState.Next"/>.</summary>
    Failed,
}

/// <summary>Where the automatic certificate stands, for people.</summary>
/// <param name="Phase">Phase.</param>
public sealed record AcmeState(AcmePhase Phase)
{
    /// <summary>What stopped the last order.</summary>
    public AcmeFault Fault { get; init; }

    /// <summary>The directory's own words about it.</summary>
    public string Detail { get; init; } = "";

    /// <summary>When something is done next.</summary>
    public Instant? Next { get; init; }
}

/// <summary>
/// Gets the certificate of this server from an ACME directory and renews it in time. What failed is tried again after an hour, then ever later up to a day, because
/// directories count failures; the certificate in use stays meanwhile. A new one serves from the next handshake on: no session ends.
/// </summary>
public sealed partial class AcmeRenewal : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(12);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromHours(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(7);

    private readonly CertificateStore _certificates;
    private readonly ISettingsSource _settings;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly string _keyFile;
    private AcmeState _state = new(AcmePhase.Off);
    private string _wish = "";
    private int _failures;
    private DateTimeOffset _retry;
    private int _asked;

    /// <summary>Over the certificates of this server.</summary>
    public AcmeRenewal(CertificateStore certificates, ISettingsSource settings, TimeProvider clock, ILogger<AcmeRenewal> log)
    {
        (_certificates, _settings, _clock, _log) = (certificates, settings, clock, log);
        _keyFile = certificates.PathOf("acme-account.pem");
    }

    /// <summary>Answers to challenges.</summary>
    public AcmeChallenges Challenges { get; } = new();

    /// <summary>Where things stand.</summary>
    public AcmeState State => Volatile.Read(ref _state);

    /// <summary>Orders now, due or not.</summary>
    /// <exception cref="RefusedException">NotAllowed; Invalid when it is switched off.</exception>
    public void Order(Actor actor)
    {
        actor.Require(Permission.ManageSettings);
        if (!_settings.Current.Acme.Enabled)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "AcmeOff") { Field = "Acme.Enabled" });
        }

        Interlocked.Exchange(ref _asked, 1);
        _wake.Release();
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var subscription = _settings.OnChange((_, _) => _wake.Release());
        _certificates.Changed += Wake;
        try
        {
            while (true)
            {
                await PauseAsync(await LookAsync(cancellationToken), cancellationToken);
            }
        }
        finally
        {
            _certificates.Changed -= Wake;
        }
    }

    /// <summary>Lets go of what it waits with.</summary>
    public void Dispose() => _wake.Dispose();

    private void Wake() => _wake.Release();

    private async Task PauseAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var rest = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(_wake.WaitAsync(rest.Token), Task.Delay(time, _clock, rest.Token));
        await rest.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        while (_wake.Wait(0, CancellationToken.None))
        {
            // several wishes are one look
        }
    }

    /// <summary>Does what is due; the time until the next look.</summary>
    private async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        var settings = _settings.Current;
        var names = NamesOf(settings);
        var phase = !settings.Acme.Enabled ? AcmePhase.Off : names.Count == 0 ? AcmePhase.Nameless : _certificates.IsUploaded ? AcmePhase.Uploaded : AcmePhase.Ordering;
        if (phase != AcmePhase.Ordering)
        {
            Volatile.Write(ref _state, new AcmeState(phase));
            _wish = ""; // what failed before is tried at once when it is switched on again
            return LookEvery;
        }

        var wish = WishOf(settings, names);
        if (wish != _wish)
        {
            (_wish, _failures, _retry) = (wish, 0, default); // other settings may do better
        }

        var now = _clock.GetUtcNow();
        var due = DueOf(names, settings.Acme.RenewDays);
        var asked = Interlocked.Exchange(ref _asked, 0) == 1;
        if (!asked && due > now)
        {
            Volatile.Write(ref _state, new AcmeState(AcmePhase.Current) { Next = Instant.From(due) });
            return Within(due - now, TimeSpan.Zero, LookEvery);
        }

        if (!asked && _retry > now)
        {
            return _retry - now;
        }

        Volatile.Write(ref _state, new AcmeState(AcmePhase.Ordering));
        try
        {
            await OrderAsync(settings, names, cancellationToken);
            _failures = 0;
            var next = DueOf(names, settings.Acme.RenewDays);
            Volatile.Write(ref _state, new AcmeState(AcmePhase.Current) { Next = Instant.From(next) });
            _retry = _clock.GetUtcNow() + FirstRetry; // a directory that gives only certificates that are due already is not asked without end
            return Within(next - now, FirstRetry, LookEvery);
        }
        catch (AcmeException failure)
        {
            var pause = Within(FirstRetry * Math.Pow(2, Math.Min(_failures++, 10)), FirstRetry, LastRetry);
            pause = Within(failure.RetryAfter ?? pause, pause, LongestRetryAfter);
            _retry = _clock.GetUtcNow() + pause;
            Volatile.Write(ref _state, new AcmeState(AcmePhase.Failed) { Fault = failure.Fault, Detail = failure.Message, Next = Instant.From(_retry) });
            LogFailed(settings.Acme.Directory, failure.Fault, failure.Message, _retry);
            return pause;
        }
    }

    private async Task OrderAsync(SettingsSnapshot settings, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var reason = "";
        var roots = new X509Certificate2Collection();
        try
        {
            foreach (var text in settings.Acme.DirectoryAuthorities)
            {
                roots.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text)));
            }

            using var account = AccountKey();
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            await using var responder = settings.Acme.ChallengePort == 0 ? null : AcmeResponder.TryOpen(settings.Acme.ChallengePort, Challenges, out reason);
            using var client = new AcmeClient(settings.Acme.Directory, roots, account, Challenges, _clock);
            var chain = await client.OrderAsync(names, RequestFor(names, key), settings.Acme.Contact, cancellationToken);
            _certificates.UseIssued(chain, key.ExportPkcs8PrivateKeyPem(), names);
        }
        catch (RefusedException refused)
        {
            throw new AcmeException(AcmeFault.Unusable, $"{refused.Refusal.TextKey}: {refused.Refusal.Detail}", refused);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new AcmeException(AcmeFault.Unusable, failure.Message, failure);
        }
        catch (AcmeException failure) when (failure.Fault == AcmeFault.ChallengeFailed && reason.Length > 0)
        {
            throw new AcmeException(failure.Fault, $"{failure.Message} (port {settings.Acme.ChallengePort} of this server: {reason})", failure);
        }
        finally
        {
            foreach (var root in roots)
            {
                root.Dispose();
            }
        }
    }

    private AcmeKey AccountKey()
    {
        if (File.Exists(_keyFile))
        {
            return AcmeKey.FromPem(File.ReadAllText(_keyFile));
        }

        var key = AcmeKey.Create();
        PrivateFile.Write(_keyFile, key.ToPem());
        return key;
    }

    /// <summary>When the certificate in use must be replaced: now, when it is another one or lacks a name.</summary>
    private DateTimeOffset DueOf(IReadOnlyList<string> names, int days)
    {
        var current = _certificates.Current;
        if (!current.IsAutomatic || !names.All(current.Covers))
        {
            return DateTimeOffset.MinValue;
        }

        var (begin, end) = (current.NotBefore.ToDateTimeOffset(), current.NotAfter.ToDateTimeOffset());
        var ahead = TimeSpan.FromDays(days);
        return end - (ahead < (end - begin) / 3 ? ahead : (end - begin) / 3);
    }

    private static TimeSpan Within(TimeSpan time, TimeSpan least, TimeSpan most) => time < least ? least : time > most ? most : time;

    private static byte[] RequestFor(IReadOnlyList<string> names, ECDsa key)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }

        // The names stand in the extension alone: a common name has room for 64 characters only.
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(alternatives.Build(critical: true));
        return request.CreateSigningRequest();
    }

    private static List<string> NamesOf(SettingsSnapshot settings) => settings.Smtp.Hostname.Length == 0
        ? []
        : [.. settings.Acme.Names.Prepend(settings.Smtp.Hostname).Select(name => DomainName.TryParse(name, out var domain) ? domain.Ascii : "").Where(name => name.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)];

    private static string WishOf(SettingsSnapshot settings, IReadOnlyList<string> names) =>
        string.Join('\n', [settings.Acme.Directory, settings.Acme.Contact, $"{settings.Acme.ChallengePort}", .. names, .. settings.Acme.DirectoryAuthorities]);

    [LoggerMessage(1211, LogLevel.Warning, "no certificate from {Directory}: {Fault}, {Detail}; tried again at {Next:u}")]
    private partial void LogFailed(string directory, AcmeFault fault, string detail, DateTimeOffset next);
}
