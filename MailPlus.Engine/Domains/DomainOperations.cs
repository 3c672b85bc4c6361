using MailPlus.Engine.Primitives;

namespace MailPlus.Engine.Domains;

/// <summary>Operations on hosted domains (Domain page, <c>domain</c> verbs, REST). Permission ManageDomains.</summary>
public sealed class DomainOperations
{
    /// <summary>Adds a domain.</summary>
    /// <exception cref="RefusedException">AlreadyExists; Invalid.</exception>
    public Task<MailDomain> AddAsync(Actor actor, NewDomain domain, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lists domains by name.</summary>
    public Task<Page<MailDomain>> ListAsync(Actor actor, DomainQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One domain.</summary>
    /// <exception cref="RefusedException">NotFound.</exception>
    public Task<MailDomain> GetAsync(Actor actor, DomainId domain, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes properties.</summary>
    /// <exception cref="RefusedException">NotFound; Invalid.</exception>
    public Task<MailDomain> UpdateAsync(Actor actor, DomainId domain, DomainChange change, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes a domain with the addresses in it. Refused while it holds the only address of an account, or is the last domain.</summary>
    /// <exception cref="RefusedException">NotFound; Conflict with key DomainInUse.</exception>
    public Task RemoveAsync(Actor actor, DomainId domain, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Accounts in a domain, by address.</summary>
    public Task<Page<DomainMember>> ListMembersAsync(Actor actor, DomainId domain, MemberQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Gives accounts an address in the domain; all or none. Returns how many were added; accounts that have the very address are passed over.</summary>
    /// <exception cref="RefusedException">NotFound; AlreadyExists when another account has an address; Invalid.</exception>
    public Task<int> AddMembersAsync(Actor actor, DomainId domain, IReadOnlyList<NewMember> members, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Takes addresses away. An account keeps at least one; a primary one passes to another of its addresses. Returns how many.</summary>
    /// <exception cref="RefusedException">Conflict with key LastAddress.</exception>
    public Task<int> RemoveMembersAsync(Actor actor, DomainId domain, IReadOnlyList<EmailAddress> addresses, CancellationToken cancellationToken) => throw new NotImplementedException();
}
