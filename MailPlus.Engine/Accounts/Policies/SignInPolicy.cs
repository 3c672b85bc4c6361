using System.Net;
using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Accounts.Policies;

/// <summary>Who may sign in by which protocol and from where (ACC-65 to ACC-68). Asked after the proof, so that it tells nothing to strangers; the web is never restricted by it.</summary>
/// <param name="book">Policies.</param>
/// <param name="isLocal">Whether an address is of the local network (ACC-74).</param>
internal sealed class SignInPolicy(PolicyBook book, Predicate<IPAddress> isLocal)
{
    /// <summary>Null when the account may sign in there.</summary>
    internal Refusal? Check(AccountId account, string protocol, IPAddress? client)
    {
        var rules = book.RulesOf(account);
        var (allowed, localOnly) = protocol switch
        {
            "imap" => (rules.Imap, rules.ImapLocalOnly),
            "pop3" => (rules.Pop3, rules.Pop3LocalOnly),
            _ => (true, false),
        };
        if (!allowed)
        {
            return Refuse("PolicyForbidsProtocol", protocol);
        }

        return localOnly && client is not null && !isLocal(client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client) ? Refuse("PolicyForbidsPlace", protocol) : null;
    }

    private static Refusal Refuse(string key, string protocol) => new(RefusalKind.NotAllowed, key) { Arguments = [protocol.ToUpperInvariant()], Detail = $"user policy: {key} ({protocol})" };
}
