using MailPlus.Engine.MailAuth.Arc;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Resolver;

namespace MailPlus.Engine.MailAuth;

/// <summary>Which signatures are looked at.</summary>
/// <param name="WithDkim">DKIM.</param>
/// <param name="WithArc">ARC.</param>
internal sealed record SignedMessageScope(bool WithDkim, bool WithArc);

/// <summary>Checks everything that is signed in a message with one pass over its body.</summary>
/// <param name="resolver">DNS.</param>
/// <param name="clock">Clock.</param>
internal sealed class SignedMessageCheck(IDnsResolver resolver, TimeProvider clock)
{
    private readonly SignatureCheck _signatures = new(resolver, clock);

    /// <summary>The outcomes, of DKIM one for each signature from the top.</summary>
    public async Task<(IReadOnlyList<DkimOutcome> Dkim, ArcOutcome Arc)> VerifyAsync(
        MessageContent content, HeaderFields fields, SignedMessageScope scope, CancellationToken cancellationToken)
    {
        var header = new SignedHeader(fields);
        var read = scope.WithDkim ? SignatureCheck.Read(header) : [];
        var arc = new ArcOutcome(AuthResult.None, []);
        var chain = scope.WithArc ? ArcCheck.Read(header, out arc) : null;
        var forms = read.Where(r => r.Signature is not null).Select(r => r.Signature!.Form).ToList();
        if (chain is not null)
        {
            forms.Add(chain.Newest.Form);
        }

        if (forms.Count == 0)
        {
            return ([.. read.Select(r => r.Fault)], arc);
        }

        var bodies = await BodyHasher.HashAsync(content, fields.Length, forms, cancellationToken);
        var checks = read.Select(r => r.Signature is { } signature ? _signatures.VerifyAsync(signature, header, bodies[signature.Form], cancellationToken) : Task.FromResult(r.Fault)).ToList();
        var verified = chain is null ? arc : await new ArcCheck(_signatures).VerifyAsync(chain, header, bodies[chain.Newest.Form], cancellationToken);
        return (await Task.WhenAll(checks), verified);
    }
}
