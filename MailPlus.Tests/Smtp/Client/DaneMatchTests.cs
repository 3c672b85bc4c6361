using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Smtp.Client;
using MailPlus.Tests.Support;
using Xunit;

namespace MailPlus.Tests.Smtp.Client;

/// <summary>Certificates against TLSA records (RFC 6698 2.1, RFC 7671, RFC 7672 3).</summary>
public sealed class DaneMatchTests : IDisposable
{
    private const string Host = "mx.far.test";

    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _leaf;

    public DaneMatchTests() => _leaf = _authority.Issue(Host);

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public void Every_selector_and_matching_type_finds_its_certificate(int selector, int matching)
    {
        Assert.Equal(TlsFault.None, Check(_leaf, Record(3, selector, matching, _leaf)));
        Assert.Equal(TlsFault.ValidationFailure, Check(_authority.Issue(Host), Record(3, selector, matching, _leaf)));
        Assert.Equal(TlsFault.None, Check(_leaf, Record(2, selector, matching, _authority.Intermediate)));
        Assert.Equal(TlsFault.CertificateNotTrusted, Check(_leaf, Record(2, selector, matching, new TestAuthority("Other").Intermediate)));
    }

    [Fact]
    public void A_pinned_certificate_needs_neither_name_nor_date()
    {
        var expired = _authority.IssueExpired("somebody.else.test");
        Assert.Equal(TlsFault.None, Check(expired, Record(3, 1, 1, expired)));
    }

    [Fact]
    public void Under_a_pinned_issuer_names_and_dates_count()
    {
        var anchor = Record(2, 0, 1, _authority.Intermediate);
        Assert.Equal(TlsFault.CertificateHostMismatch, Check(_authority.Issue("mx.other.test"), anchor));
        Assert.Equal(TlsFault.None, Check(_authority.Issue("far.test"), anchor)); // the next-hop domain will do
        Assert.Equal(TlsFault.None, Check(_authority.Issue("*.far.test"), anchor));
        Assert.Equal(TlsFault.CertificateExpired, Check(_authority.IssueExpired(Host), anchor));
        Assert.Equal(TlsFault.None, Check(_leaf, Record(2, 0, 1, _authority.Root), _authority.Intermediate, _authority.Root));
        Assert.Equal(TlsFault.None, Check(_leaf, Record(2, 0, 0, _authority.Root), _authority.Intermediate)); // the root itself comes from DNS
        Assert.Equal(TlsFault.CertificateNotTrusted, Check(_leaf, Record(2, 0, 1, _authority.Root), _authority.Intermediate));
    }

    [Fact]
    public void A_certificate_that_only_names_the_pinned_issuer_does_not_pass() =>
        Assert.NotEqual(TlsFault.None, Check(_authority.Forge(Host), Record(2, 0, 1, _authority.Intermediate)));

    [Fact]
    public void A_servers_certificate_is_no_issuer_of_another()
    {
        // The leaf is pinned as an issuer although somebody else issued it: nothing is below it.
        Assert.NotEqual(TlsFault.None, Check(_leaf, Record(2, 1, 1, _leaf)));
    }

    [Fact]
    public void Unusable_records_do_not_count()
    {
        var data = SHA256.HashData(TestAuthority.KeyOf(_leaf));
        Assert.Empty(DaneMatch.Usable(
        [
            new TlsaRecord(0, 1, 1, data), new TlsaRecord(1, 1, 1, data), new TlsaRecord(4, 1, 1, data), // usages of the Web's PKI and unknown ones
            new TlsaRecord(3, 2, 1, data), new TlsaRecord(3, 1, 3, data), new TlsaRecord(3, 1, 1, data[..31]), new TlsaRecord(3, 1, 2, data),
            new TlsaRecord(3, 1, 0, data), new TlsaRecord(2, 0, 0, data), new TlsaRecord(3, 1, 1, Array.Empty<byte>()),
        ]));
        var usable = new TlsaRecord(3, 1, 1, data);
        Assert.Equal([usable], DaneMatch.Usable([new TlsaRecord(1, 1, 1, data), usable]));
    }

    [Fact]
    public void The_weaker_digest_of_two_does_not_count()
    {
        var weak = Record(3, 1, 1, _leaf);
        var strong = Record(3, 1, 2, _leaf);
        var other = Record(3, 0, 1, _leaf);
        Assert.Equal([strong, other], DaneMatch.Usable([weak, strong, other]));
    }

    internal static TlsaRecord Record(int usage, int selector, int matching, X509Certificate2 certificate)
    {
        var selected = selector == 0 ? certificate.RawData : TestAuthority.KeyOf(certificate);
        return new TlsaRecord(usage, selector, matching, matching switch { 1 => SHA256.HashData(selected), 2 => SHA512.HashData(selected), _ => selected });
    }

    private TlsFault Check(X509Certificate2 leaf, TlsaRecord record, params X509Certificate2[] sent) =>
        new DaneMatch(DaneMatch.Usable([record]), [Host, "far.test"], TimeProvider.System).Check(leaf, sent.Length > 0 ? sent : [_authority.Intermediate]);
}
