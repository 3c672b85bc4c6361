using System.Net;
using MailPlus.Engine.MailAuth.Arc;
using MailPlus.Engine.MailAuth.Dkim;
using MailPlus.Engine.MailAuth.Dmarc;
using MailPlus.Engine.MailAuth.Spf;
using MailPlus.Engine.Mime;
using MailPlus.Engine.Primitives;
using MailPlus.Engine.Resolver;
using MailPlus.Engine.Settings.Sections;
using MimeKit;

namespace MailPlus.Engine.MailAuth;

/// <summary>A message whose sender is to be found out.</summary>
/// <param name="Client">The peer.</param>
/// <param name="Helo">What it called itself.</param>
/// <param name="ReversePath">Reverse-path, null for the null one.</param>
public sealed record AuthenticationRequest(IPAddress Client, string Helo, EmailAddress? ReversePath)
{
    /// <summary>The octets as they came in.</summary>
    public required MessageContent Content { get; init; }

    /// <summary>Their header fields.</summary>
    public required HeaderFields Header { get; init; }

    /// <summary>This server.</summary>
    public string Receiver { get; init; } = "";

    /// <summary>The reverse-path as text, "" for the null one.</summary>
    public string Sender => ReversePath is { } path ? $"{path.LocalPart}@{path.Domain.Ascii}" : "";
}

/// <summary>Asks everything there is to ask about a message's sender: SPF, DKIM, ARC at once, then DMARC; never longer than the deadline of the settings.</summary>
/// <param name="resolver">DNS.</param>
/// <param name="suffixes">Public suffixes, read when first needed.</param>
/// <param name="clock">Clock.</param>
public sealed class MessageAuthenticator(IDnsResolver resolver, Lazy<PublicSuffixList> suffixes, TimeProvider clock)
{
    private const int MostFields = 5000;

    private readonly SpfCheck _spf = new(resolver, clock);
    private readonly SignedMessageCheck _signed = new(resolver, clock);

    /// <summary>What was found; null when everything is switched off. DNS can make it a temporary error, never a failure or a delay beyond the deadline.</summary>
    public async Task<MessageAuthentication?> CheckAsync(AuthenticationRequest request, MailAuthSettings settings, CancellationToken cancellationToken)
    {
        if (!(settings.SpfEnabled || settings.DkimEnabled || settings.ArcEnabled || settings.DmarcEnabled))
        {
            return null;
        }

        var timeLimit = TimeSpan.FromSeconds(settings.TimeoutSeconds);
        using var limit = new CancellationTokenSource(timeLimit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var question = new SpfQuestion(request.Client, request.Helo, request.Sender) { Receiver = request.Receiver };
        var spf = settings.SpfEnabled ? _spf.CheckAsync(question, timeLimit, cancellationToken) : null;
        var (dkim, arc) = await SignaturesAsync(request, settings, both.Token, cancellationToken);
        var found = new MessageAuthentication { Spf = spf is null ? null : await spf, Dkim = settings.DkimEnabled ? dkim : null, Arc = settings.ArcEnabled ? arc : null };
        return settings.DmarcEnabled ? found with { Dmarc = await DmarcAsync(request, found, both.Token, cancellationToken) } : found;
    }

    private async Task<(IReadOnlyList<DkimOutcome> Dkim, ArcOutcome Arc)> SignaturesAsync(
        AuthenticationRequest request, MailAuthSettings settings, CancellationToken limited, CancellationToken cancellationToken)
    {
        if (!(settings.DkimEnabled || settings.ArcEnabled))
        {
            return ([], new ArcOutcome(AuthResult.None, []));
        }

        if (!request.Header.IsComplete || request.Header.Fields.Count > MostFields)
        {
            return ([new DkimOutcome(AuthResult.PermError, "", "") { Detail = "the header is too long" }], new ArcOutcome(AuthResult.Fail, []) { Detail = "the header is too long" });
        }

        try
        {
            return await _signed.VerifyAsync(request.Content, request.Header, new SignedMessageScope(settings.DkimEnabled, settings.ArcEnabled), limited);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ([new DkimOutcome(AuthResult.TempError, "", "") { Detail = "the time limit passed" }], new ArcOutcome(AuthResult.TempError, []) { Detail = "the time limit passed" });
        }
    }

    private async Task<DmarcOutcome> DmarcAsync(AuthenticationRequest request, MessageAuthentication found, CancellationToken limited, CancellationToken cancellationToken)
    {
        var domains = FromDomains(request.Header);
        try
        {
            return await new DmarcCheck(resolver, suffixes.Value).CheckAsync(domains, found.Spf, found.Dkim ?? [], limited);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DmarcOutcome(AuthResult.TempError, domains.Count > 0 ? domains[0] : "", DmarcPolicy.None) { Detail = "the time limit passed" };
        }
    }

    private static IReadOnlyList<string> FromDomains(HeaderFields header)
    {
        var domains = new List<string>();
        foreach (var field in header.Fields.Where(field => header.IsNamed(field, "From"u8)).Take(2))
        {
            if (field.Length <= 64 * 1024 && InternetAddressList.TryParse(header.Value(field).ToArray(), out var list))
            {
                domains.AddRange(list.Mailboxes.Take(100).Select(m => DomainName.TryParse(m.Domain, out var domain) ? domain.Ascii : ""));
            }
            else
            {
                domains.Add("");
            }
        }

        return domains.Contains("") ? [] : domains;
    }
}
