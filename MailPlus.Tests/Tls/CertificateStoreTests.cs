using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MailPlus.Tests.Tls;

public sealed class CertificateStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Now);
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("mailplus-tls-").FullName;

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_first_start_makes_a_certificate_that_names_host_and_loopback_and_keeps_it()
    {
        string fingerprint;
        using (var store = Open("mail.example.test"))
        {
            var made = store.Current;
            Assert.Equal(["mail.example.test", "localhost", "127.0.0.1", "::1"], made.Names);
            Assert.True(made.IsSelfSigned);
            Assert.Equal("ECDSA 256", made.KeyKind);
            fingerprint = made.Fingerprint;
        }

        using var again = Open("mail.example.test");
        Assert.Equal(fingerprint, again.Current.Fingerprint);
        Assert.True(again.Current.IsSelfSigned);
    }

    [SkippableFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Keys_are_readable_by_the_owner_only()
    {
        Skip.If(OperatingSystem.IsWindows());
        using var store = Open("mail.example.test");
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        var folder = Path.Combine(_folder, "tls");
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder) & Others);
        Assert.All(System.IO.Directory.GetFiles(folder), file => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(file) & Others));
    }

    [Fact]
    public void A_new_host_name_makes_a_new_self_signed_certificate()
    {
        using var store = Open("");
        var changes = 0;
        store.Changed += () => changes++;
        store.UseHostname("mail.example.test");
        Assert.Contains("mail.example.test", store.Current.Names);
        Assert.Equal(1, changes);
    }

    [Fact]
    public void An_expiring_self_signed_certificate_is_renewed()
    {
        using var store = Open("mail.example.test");
        var first = store.Current.Fingerprint;
        _clock.Advance(TimeSpan.FromDays(800));
        Assert.NotEqual(first, store.Current.Fingerprint);
    }

    [Fact]
    public void An_uploaded_chain_serves_at_once_and_after_a_restart()
    {
        var (root, rootKey) = Authority();
        var (leaf, key) = Leaf(root, rootKey);
        using (var store = Open("mail.example.test"))
        {
            store.UploadPem(Actor.Operator, root.ExportCertificatePem() + "\n" + leaf.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), null);
            Assert.Equal(leaf.GetCertHashString(HashAlgorithmName.SHA256), store.Current.Fingerprint);
            Assert.False(store.Current.IsSelfSigned);
        }

        using var again = Open("mail.example.test");
        Assert.Equal(leaf.GetCertHashString(HashAlgorithmName.SHA256), again.Current.Fingerprint);
        Assert.True(again.CertificateFor("mail.example.test").HasPrivateKey);
        again.UseSelfSigned(Actor.Operator);
        Assert.True(again.Current.IsSelfSigned);
    }

    [Fact]
    public void Pfx_and_encrypted_keys_are_read_with_their_password()
    {
        var (root, rootKey) = Authority();
        var (leaf, key) = Leaf(root, rootKey);
        using var store = Open("mail.example.test");
        var pfx = leaf.CopyWithPrivateKey(key).Export(X509ContentType.Pfx, "secret");
        Assert.Equal("CertificatePasswordWrong", Refused(() => store.UploadPfx(Actor.Operator, pfx, "wrong")));
        Assert.Equal(leaf.GetCertHashString(HashAlgorithmName.SHA256), store.UploadPfx(Actor.Operator, pfx, "secret").Fingerprint);
        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        Assert.Equal("CertificatePasswordWrong", Refused(() => store.UploadPem(Actor.Operator, leaf.ExportCertificatePem(), encrypted, "wrong")));
        Assert.Equal("CertificatePasswordWrong", Refused(() => store.UploadPem(Actor.Operator, leaf.ExportCertificatePem(), encrypted, null)));
        store.UploadPem(Actor.Operator, leaf.ExportCertificatePem(), encrypted, "secret");
    }

    [Fact]
    public void What_cannot_serve_is_refused_with_its_reason_and_changes_nothing()
    {
        var (root, rootKey) = Authority();
        var (leaf, key) = Leaf(root, rootKey);
        using var other = ECDsa.Create();
        using var store = Open("mail.example.test");
        var before = store.Current.Fingerprint;
        var pem = leaf.ExportCertificatePem();
        var keyPem = key.ExportPkcs8PrivateKeyPem();
        Assert.Equal("CertificateKeyMismatch", Refused(() => store.UploadPem(Actor.Operator, pem, other.ExportPkcs8PrivateKeyPem(), null)));
        Assert.Equal("CertificateKeyMissing", Refused(() => store.UploadPem(Actor.Operator, pem, "no key", null)));
        Assert.Equal("CertificateUnreadable", Refused(() => store.UploadPem(Actor.Operator, "garbage", keyPem, null)));
        var (old, oldKey) = Leaf(root, rootKey, Now.AddDays(-100), Now.AddDays(-1));
        Assert.Equal("CertificateExpired", Refused(() => store.UploadPem(Actor.Operator, old.ExportCertificatePem(), oldKey.ExportPkcs8PrivateKeyPem(), null)));
        var (early, earlyKey) = Leaf(root, rootKey, Now.AddDays(1), Now.AddDays(10));
        Assert.Equal("CertificateNotYetValid", Refused(() => store.UploadPem(Actor.Operator, early.ExportCertificatePem(), earlyKey.ExportPkcs8PrivateKeyPem(), null)));
        var (client, clientKey) = Leaf(root, rootKey, usage: "1.3.6.1.5.5.7.3.2");
        Assert.Equal("CertificateNotForServers", Refused(() => store.UploadPem(Actor.Operator, client.ExportCertificatePem(), clientKey.ExportPkcs8PrivateKeyPem(), null)));
        using var weak = RSA.Create(1024);
        var request = new CertificateRequest("CN=weak.test", weak, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var weakLeaf = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(30));
        Assert.Equal("CertificateKeyWeak", Refused(() => store.UploadPem(Actor.Operator, weakLeaf.ExportCertificatePem(), weak.ExportPkcs8PrivateKeyPem(), null)));
        Assert.Equal(before, store.Current.Fingerprint);
        Assert.Throws<RefusedException>(() => store.UploadPem(Actor.ForAccount(new AccountId(1), "user", false), pem, keyPem, null));
    }

    [Theory]
    [InlineData("*.example.test", "mail.example.test", true)]
    [InlineData("*.example.test", "a.b.example.test", false)]
    [InlineData("mail.example.test", "MAIL.example.test", true)]
    [InlineData("*.example.test", "example.test", false)]
    public void A_wildcard_covers_one_label(string pattern, string name, bool expected) => Assert.Equal(expected, TlsCertificate.Matches(pattern, name));

    private static string Refused(Action act)
    {
        var refusal = Assert.Throws<RefusedException>(act).Refusal;
        Assert.NotNull(refusal.Field);
        return refusal.TextKey;
    }

    private static (X509Certificate2 Certificate, ECDsa Key) Authority()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return (request.CreateSelfSigned(Now.AddDays(-1000), Now.AddDays(1000)), key);
    }

    private static (X509Certificate2 Certificate, ECDsa Key) Leaf(
        X509Certificate2 root, ECDsa rootKey, DateTimeOffset? from = null, DateTimeOffset? until = null, string usage = "1.3.6.1.5.5.7.3.1")
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mail.example.test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        return (request.Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), from ?? Now.AddDays(-1), until ?? Now.AddDays(90), [1, 2, 3, 4]), key);
    }

    private CertificateStore Open(string hostname) => new(_folder, hostname, _clock, NullLogger<CertificateStore>.Instance);
}
