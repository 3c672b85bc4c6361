using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Primitives;
using Microsoft.Extensions.Logging;

namespace MailPlus.Engine.Tls;

/// <summary>
/// The certificates of this server, for mail protocols and web alike, under <c>tls/</c> of the data folder, readable by the owner only. A self-signed one is made
/// at the first start and again before it expires; an uploaded one, or else one that ACME brought, takes its place from the next handshake on, without restart.
/// </summary>
public sealed partial class CertificateStore : IDisposable
{
    private const string UploadedFile = "uploaded.pem";
    private const string IssuedFile = "issued.pem";
    private const string SelfSignedFile = "self-signed.pem";
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(12);

    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Lock _change = new();
    private readonly ITimer _renewal;
    private TlsCertificate _current;
    private string _hostname;

    /// <summary>Loads the certificate in use, or makes one for a host name ("" before set-up: localhost only).</summary>
    public CertificateStore(string dataFolder, string hostname, TimeProvider clock, ILogger<CertificateStore> log)
    {
        _folder = Path.Combine(dataFolder, "tls");
        _hostname = hostname;
        _clock = clock;
        _log = log;
        CreateFolder();
        _current = TryLoad(UploadedFile) ?? TryLoad(IssuedFile) ?? LoadOrMakeSelfSigned();
        _renewal = clock.CreateTimer(_ => RenewSelfSigned(), null, LookEvery, LookEvery);
    }

    /// <summary>Told after the certificate changed; returns at once, never throws.</summary>
    public event Action? Changed;

    /// <summary>The certificate in use.</summary>
    public CertificateSummary Current => Volatile.Read(ref _current).Summary;

    /// <summary>The certificate in use was uploaded; it stays until it is taken back.</summary>
    public bool IsUploaded => Current is { IsSelfSigned: false, IsAutomatic: false };

    /// <summary>Options of a mail protocol's handshake (PRO-049: TLS 1.2 or later). There is one certificate for every name yet.</summary>
    public SslServerAuthenticationOptions OptionsFor(string serverName) => Volatile.Read(ref _current).Options;

    /// <summary>As <see cref="OptionsFor"/>, asking for the client's certificate too; it is not judged in the handshake.</summary>
    public SslServerAuthenticationOptions AskingOptionsFor(string serverName) => Volatile.Read(ref _current).AskingOptions;

    /// <summary>The certificate for Kestrel's HTTPS end points; asked at each handshake, so a change needs no restart.</summary>
    public X509Certificate2 CertificateFor(string? serverName) => Volatile.Read(ref _current).Leaf;

    /// <summary>Names the host: a self-signed certificate that does not cover it is made anew; an uploaded one stays.</summary>
    public void UseHostname(string hostname)
    {
        lock (_change)
        {
            _hostname = hostname;
            if (!_current.Summary.IsSelfSigned || hostname.Length == 0 || _current.Summary.Covers(hostname))
            {
                return;
            }

            Replace(MakeSelfSigned());
        }

        Changed?.Invoke();
    }

    /// <summary>Takes a PEM chain and its key into use.</summary>
    /// <exception cref="RefusedException">NotAllowed; Invalid with CertificateUnreadable, KeyMissing, KeyMismatch, PasswordWrong, Expired, NotYetValid, KeyWeak, NotForServers and the field at fault.</exception>
    public CertificateSummary UploadPem(Actor actor, string certificates, string key, string? keyPassword)
    {
        actor.Require(Permission.ManageSettings);
        return Use(CertificateReading.FromPem(certificates, key, keyPassword, _clock.GetUtcNow()), UploadedFile);
    }

    /// <summary>Takes a PKCS #12 file (PFX) into use.</summary>
    /// <exception cref="RefusedException">As <see cref="UploadPem"/>.</exception>
    public CertificateSummary UploadPfx(Actor actor, ReadOnlyMemory<byte> pfx, string? password)
    {
        actor.Require(Permission.ManageSettings);
        return Use(CertificateReading.FromPfx(pfx, password, _clock.GetUtcNow()), UploadedFile);
    }

    /// <summary>Goes back to the self-signed certificate; one that was uploaded or that ACME brought is deleted.</summary>
    public CertificateSummary UseSelfSigned(Actor actor)
    {
        actor.Require(Permission.ManageSettings);
        lock (_change)
        {
            File.Delete(Path.Combine(_folder, UploadedFile));
            File.Delete(Path.Combine(_folder, IssuedFile));
            Replace(LoadOrMakeSelfSigned());
        }

        Changed?.Invoke();
        return Current;
    }

    /// <summary>Takes a chain that ACME brought into use, unless somebody uploaded one meanwhile.</summary>
    /// <exception cref="RefusedException">As <see cref="UploadPem"/>; Invalid with CertificateOtherName.</exception>
    internal void UseIssued(string certificates, string key, IReadOnlyList<string> names)
    {
        var read = CertificateReading.FromPem(certificates, key, null, _clock.GetUtcNow());
        if (names.FirstOrDefault(name => !read.Summary.Covers(name)) is { } missing)
        {
            throw new RefusedException(new Refusal(RefusalKind.Invalid, "CertificateOtherName") { Arguments = [missing], Detail = missing });
        }

        lock (_change)
        {
            var issued = new TlsCertificate(read.Leaf, read.Chain, isSelfSigned: false, isAutomatic: true);
            Save(issued, IssuedFile);
            if (IsUploaded)
            {
                return;
            }

            Replace(issued);
        }

        Changed?.Invoke();
    }

    /// <summary>Where a file beside the certificates is.</summary>
    internal string PathOf(string file) => Path.Combine(_folder, file);

    /// <summary>Ends the look for expiry.</summary>
    public void Dispose() => _renewal.Dispose();

    private CertificateSummary Use(TlsCertificate certificate, string file)
    {
        lock (_change)
        {
            Save(certificate, file);
            Replace(certificate);
        }

        Changed?.Invoke();
        return certificate.Summary;
    }

    /// <summary>The old one is left to the collector: handshakes may still be using it.</summary>
    private void Replace(TlsCertificate certificate)
    {
        Volatile.Write(ref _current, certificate);
        LogInUse(certificate.Summary.Subject, certificate.Summary.Fingerprint, certificate.Summary.NotAfter.ToDateTimeOffset());
    }

    private void RenewSelfSigned()
    {
        try
        {
            lock (_change)
            {
                if (!_current.Summary.IsSelfSigned || !IsDue(_current))
                {
                    return;
                }

                Replace(MakeSelfSigned());
            }

            Changed?.Invoke();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            LogUnusable(failure, SelfSignedFile);
        }
    }

    private bool IsDue(TlsCertificate certificate) => certificate.Summary.NotAfter.ToDateTimeOffset() - _clock.GetUtcNow() < RenewBefore;

    private TlsCertificate LoadOrMakeSelfSigned()
    {
        var kept = TryLoad(SelfSignedFile);
        return kept is not null && !IsDue(kept) && (_hostname.Length == 0 || kept.Summary.Covers(_hostname)) ? kept : MakeSelfSigned();
    }

    private TlsCertificate MakeSelfSigned()
    {
        var made = SelfSigned.Make(_hostname, _clock.GetUtcNow());
        Save(made, SelfSignedFile);
        return made;
    }

    private TlsCertificate? TryLoad(string file)
    {
        var path = Path.Combine(_folder, file);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var pem = File.ReadAllText(path);
            // An expired upload still serves: clients that ignore dates go on working, and the console says what to do.
            var certificate = CertificateReading.FromPem(pem, pem, null, ValidMoment(pem));
            return file == UploadedFile ? certificate : new TlsCertificate(certificate.Leaf, certificate.Chain, isSelfSigned: file == SelfSignedFile, isAutomatic: file == IssuedFile);
        }
        catch (Exception failure) when (failure is RefusedException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            LogUnusable(failure, path);
            return null;
        }
    }

    private static DateTimeOffset ValidMoment(string pem)
    {
        using var first = X509Certificate2.CreateFromPem(pem);
        return first.NotAfter.ToUniversalTime().AddSeconds(-1);
    }

    private void CreateFolder()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(_folder);
        }
        else
        {
            Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private void Save(TlsCertificate certificate, string file) => PrivateFile.Write(PathOf(file), CertificateReading.ToPem(certificate));

    [LoggerMessage(1201, LogLevel.Information, "certificate in use: {Subject} {Fingerprint} until {NotAfter:u}")]
    private partial void LogInUse(string subject, string fingerprint, DateTimeOffset notAfter);

    [LoggerMessage(1202, LogLevel.Error, "certificate file {File} cannot be used")]
    private partial void LogUnusable(Exception failure, string file);
}
