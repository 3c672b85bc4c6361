using MailPlus.Engine.Mime;

namespace MailPlus.Engine.Sieve.Runtime;

/// <summary>Where a script's actions have their effect: the account's mail, the queue, and what is remembered from one message to the next.</summary>
internal interface ISieveOutlet
{
    /// <summary>Stores into a mailbox; what the script says beyond that is in the action.</summary>
    /// <exception cref="Primitives.RefusedException">There is no such mailbox, or it takes nothing now.</exception>
    ValueTask StoreAsync(StoreAction action, MessageContent content, CancellationToken cancellationToken);

    /// <summary>Sends the message on.</summary>
    /// <exception cref="Primitives.RefusedException">It may not go there.</exception>
    ValueTask RedirectAsync(string address, MessageContent content, CancellationToken cancellationToken);

    /// <summary>Sends a message of the account's own making.</summary>
    /// <param name="reversePath">Empty for the null one.</param>
    /// <param name="recipients">Addresses.</param>
    /// <param name="content">The message.</param>
    /// <param name="cancellationToken">Cancels.</param>
    ValueTask SendAsync(string reversePath, IReadOnlyList<string> recipients, MessageContent content, CancellationToken cancellationToken);

    /// <summary>Whether this sender was answered within the time; remembers that now is.</summary>
    ValueTask<bool> WasAnsweredAsync(string sender, string handle, ulong seconds, CancellationToken cancellationToken);

    /// <summary>The address answers and redirects come from when the script names none.</summary>
    string OwnAddress { get; }

    /// <summary>Name of the account's owner for From.</summary>
    string OwnName => "";

    /// <summary>The subject of an answer when the script gives none.</summary>
    /// <param name="original">Of the message answered, null when it has none.</param>
    string AnswerSubject(string? original) => string.IsNullOrEmpty(original) ? "Automated reply" : $"Auto: {original}";

    /// <summary>The reverse-path of a notification (RFC 5436 2.7).</summary>
    /// <param name="envelope">Of the message it is about.</param>
    /// <param name="asked">What the script wants, null for nothing.</param>
    string NotificationSender(SieveEnvelope envelope, string? asked) => OwnAddress;

    /// <summary>Whether the account may send by this address.</summary>
    bool MayUse(string address) => true;

    /// <summary>A reject may go back to the sender (mail-rules 28): signed in, or its domain has proven the address.</summary>
    bool MayReject => true;

    /// <summary>The mailbox for what cannot be rejected.</summary>
    string SpamMailbox => "Junk";

    /// <summary>The host's name for Message-ID and for reports.</summary>
    string HostName { get; }
}
