using MailPlus.Engine.Primitives;
using MailPlus.Engine.Settings;
using MailPlus.Engine.Settings.Sections;
using MailPlus.Engine.Tls;
using MailPlus.Engine.Tls.Acme;
using MailPlus.Tests.Peers;
using MailPlus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Tls;

/// <summary>The automatic certificate against a real ACME directory, pebble (RFC 8555, PRO-049): ordered, kept, renewed in time, and why not when not.</summary>
public sealed class AcmeTests
{
    private const string Host = "mail.example.test";

    [SkippableFact]
    public async Task A_certificate_is_ordered_kept_and_renewed_in_time()
    {
        Skip.IfNot(PebblePeer.IsInstalled, "pebble is not installed");
        using var zone = TestZone.Start();
        zone.A(Host, "127.0.0.1").A("imap.example.test", "127.0.0.1");
        var port = PebblePeer.FreePort();
        await using var pebble = await PebblePeer.StartAsync(port, zone);
        await using var rig = new AcmeRig();
        var before = rig.Certificates.Current;
        Assert.Equal(AcmePhase.Off, rig.Renewal.State.Phase);
        Assert.Equal("AcmeOff", Assert.Throws<RefusedException>(() => rig.Renewal.Order(Actor.System)).Refusal.TextKey);

        var changes = 0;
        rig.Certificates.Changed += () => Interlocked.Increment(ref changes);
        rig.Set(acme => acme with { Enabled = true, Directory = pebble.Address, DirectoryAuthorities = [pebble.Authority], ChallengePort = port, Names = ["imap.example.test"], Contact = "admin@example.test" });
        await rig.UntilAsync(() => rig.Renewal.State.Phase == AcmePhase.Current, pebble.Log);
        var first = rig.Certificates.Current;
        Assert.True(first.IsAutomatic);
        Assert.False(first.IsSelfSigned);
        Assert.Contains("Pebble", first.Issuer, StringComparison.Ordinal);
        Assert.Equal(new[] { Host, "imap.example.test" }.Order(), first.Names.Order());
        Assert.NotEqual(before.Fingerprint, first.Fingerprint);
        Assert.Equal(1, changes);
        Assert.Null(rig.Renewal.Challenges.Find("anything"));

        // It is still there after a restart, and nothing is ordered then.
        using (var again = new CertificateStore(rig.Folder, Host, rig.Clock, NullLogger<CertificateStore>.Instance))
        {
            Assert.Equal((first.Fingerprint, true), (again.Current.Fingerprint, again.Current.IsAutomatic));
        }

        // Renewed in its last days, not before; the same account orders.
        var due = rig.Renewal.State.Next!.Value.ToDateTimeOffset();
        Assert.Equal(first.NotAfter.ToDateTimeOffset() - TimeSpan.FromDays(30), due);
        rig.Clock.SetUtcNow(due - TimeSpan.FromDays(2));
        await rig.UntilAsync(() => rig.Certificates.Current.Fingerprint != first.Fingerprint, pebble.Log, TimeSpan.FromHours(6));
        Assert.True(rig.Clock.GetUtcNow() >= due);

        // Who wants another one now has it; another name is another certificate at once.
        var second = rig.Certificates.Current.Fingerprint;
        rig.Renewal.Order(Actor.System);
        await rig.UntilAsync(() => rig.Certificates.Current.Fingerprint != second, pebble.Log);
        rig.Set(acme => acme with { Names = [] });
        await rig.UntilAsync(() => rig.Renewal.State.Phase == AcmePhase.Current, pebble.Log);
    }

    [SkippableFact]
    public async Task What_stops_an_order_is_told_and_tried_again_later()
    {
        Skip.IfNot(PebblePeer.IsInstalled, "pebble is not installed");
        using var zone = TestZone.Start();
        zone.A(Host, "127.0.0.1");
        var port = PebblePeer.FreePort();
        await using var pebble = await PebblePeer.StartAsync(port, zone);
        await using var rig = new AcmeRig();
        var before = rig.Certificates.Current.Fingerprint;

        // Nobody answers where the directory looks.
        rig.Set(acme => acme with { Enabled = true, Directory = pebble.Address, DirectoryAuthorities = [pebble.Authority], ChallengePort = 0 });
        await rig.UntilAsync(() => rig.Renewal.State.Phase == AcmePhase.Failed, pebble.Log);
        Assert.Equal(AcmeFault.ChallengeFailed, rig.Renewal.State.Fault);
        Assert.Contains(Host, rig.Renewal.State.Detail, StringComparison.Ordinal);
        Assert.Equal(before, rig.Certificates.Current.Fingerprint);
        Assert.InRange(rig.Renewal.State.Next!.Value.ToDateTimeOffset() - rig.Clock.GetUtcNow(), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));

        // A name that leads nowhere; the other settings are tried at once.
        rig.Set(acme => acme with { ChallengePort = port, Names = ["nowhere.example.test"] });
        await rig.UntilAsync(() => rig.Renewal.State is { Phase: AcmePhase.Failed } state && state.Detail.Contains("nowhere", StringComparison.Ordinal), pebble.Log);

        // A directory whose certificate nobody vouches for, and one that is not there.
        rig.Set(acme => acme with { Names = [], DirectoryAuthorities = [] });
        await rig.UntilAsync(() => rig.Renewal.State is { Phase: AcmePhase.Failed, Fault: AcmeFault.Unreachable }, pebble.Log);
        rig.Set(acme => acme with { Directory = $"https://127.0.0.1:{PebblePeer.FreePort()}/dir" });
        await rig.UntilAsync(() => rig.Renewal.State is { Phase: AcmePhase.Failed, Fault: AcmeFault.Unreachable } state && state.Detail.Contains(rig.Settings.Current.Acme.Directory, StringComparison.Ordinal), pebble.Log);

        // Right settings, after the time that was told.
        rig.Set(acme => acme with { Directory = pebble.Address, DirectoryAuthorities = [pebble.Authority] });
        await rig.UntilAsync(() => rig.Renewal.State.Phase == AcmePhase.Current, pebble.Log);
        Assert.Equal("", rig.Renewal.State.Detail);
    }

    [Fact]
    public async Task An_uploaded_certificate_stays_and_switched_off_nothing_is_ordered()
    {
        await using var rig = new AcmeRig();
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var own = request.CreateSelfSigned(rig.Clock.GetUtcNow().AddDays(-1), rig.Clock.GetUtcNow().AddDays(90));
        var uploaded = rig.Certificates.UploadPem(Actor.System, own.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), null);
        rig.Set(acme => acme with { Enabled = true, Directory = $"https://127.0.0.1:{PebblePeer.FreePort()}/dir", ChallengePort = 0 });
        await rig.UntilAsync(() => rig.Renewal.State.Phase == AcmePhase.Uploaded, () => "");
        rig.Set(acme => acme with { Enabled = false });
        await rig.UntilAsync(() => rig.Renewal.State.Phase == AcmePhase.Off, () => "");
        Assert.Equal(uploaded.Fingerprint, rig.Certificates.Current.Fingerprint);
    }

    [Theory]
    [InlineData("Acme.Directory", "http://ca.test/dir", "AcmeDirectoryMalformed")]
    [InlineData("Acme.Directory", "ca.test", "AcmeDirectoryMalformed")]
    [InlineData("Acme.Contact", "admin", "AcmeContactMalformed")]
    [InlineData("Acme.Names", "*.example.test", "AcmeNameMalformed")]
    [InlineData("Acme.DirectoryAuthorities", "AAAA", "ClientAuthorityMalformed")]
    public void What_no_directory_takes_is_refused_at_its_field(string setting, string value, string key)
    {
        var catalog = new SettingsCatalog();
        Assert.Contains(catalog.Validate(catalog.Write(new SettingsSnapshot(), setting, value)), refusal => refusal.TextKey == key && refusal.Field == setting);
    }

    private sealed class AcmeRig : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;

        public AcmeRig()
        {
            Certificates = new CertificateStore(Folder, Host, Clock, NullLogger<CertificateStore>.Instance);
            Renewal = new AcmeRenewal(Certificates, Settings, Clock, NullLogger<AcmeRenewal>.Instance);
            _running = Renewal.RunAsync(_end.Token);
        }

        public string Folder { get; } = Directory.CreateTempSubdirectory("mailplus-acme-").FullName;

        public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow().AddMinutes(5)); // pebble's clock is the real one, and what it gives must be valid already

        public SettableSettings Settings { get; } = new(new SettingsSnapshot() with { Smtp = new() { Hostname = Host } });

        public CertificateStore Certificates { get; }

        public AcmeRenewal Renewal { get; }

        public void Set(Func<AcmeSettings, AcmeSettings> change) => Settings.Set(Settings.Current with { Acme = change(Settings.Current.Acme) });

        /// <summary>Lets time pass until something is so.</summary>
        public Task UntilAsync(Func<bool> isSo, Func<string> log, TimeSpan? step = null) => Eventually.TrueAsync(
            () =>
            {
                Clock.Advance(isSo() ? TimeSpan.Zero : Renewal.State.Phase == AcmePhase.Ordering || step is null ? TimeSpan.FromSeconds(1) : step.Value);
                return Task.FromResult(isSo());
            },
            () => $"{Renewal.State}\n{log()}");

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
            Renewal.Dispose();
            Certificates.Dispose();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
