"""The lines of the import file, one JSON object each.

Written from templates: the values are numbers, codes and listed names, none of which JSON must
escape, and a general encoder would take half of the time the whole country takes.
"""

from simulators.population.people import Facts, Household, Member, Payee, Person

FALSE_TRUE = ("false", "true")


def _text(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


def _list(value: str | None) -> str:
    return "[]" if value is None else f'["{value}"]'


def person_line(person: Person) -> str:
    """Return a person as a line of the import, without the line break."""
    given, family = person.given, person.family
    return (
        f'{{"type":"person","idcs":"{person.idcs}","cnie":{_text(person.cnie)},'
        f'"residence_permit":{_text(person.residence_permit)},'
        f'"name_ar":{{"given":"{given.arabic}","family":"{family.arabic}"}},'
        f'"name_latin":{{"given":"{given.latin}","family":"{family.latin}"}},'
        f'"sex":"{person.sex}","birth_date":"{person.born.isoformat()}",'
        f'"birth_commune":{_text(person.birth_commune)},"nationality":"{person.nationality}",'
        f'"phones":{_list(person.phone)},"commune":"{person.commune}",'
        f'"status":"{person.status}"}}'
    )


def household_line(household: Household) -> str:
    """Return a household as a line of the import, without the line break."""
    members = ",".join([_member(member) for member in household.members])
    applied_on = household.applied_on.isoformat()
    applications = ",".join(
        [
            f'{{"programme":"{programme}","applied_on":"{applied_on}"}}'
            for programme in household.programmes
        ]
    )
    return (
        f'{{"type":"household","reference":"{household.reference}",'
        f'"commune":"{household.place.commune}","milieu":"{household.place.milieu}",'
        f'"language":"{household.language}","phone":{_text(household.phone)},'
        f'"declared_on":"{household.declared_on.isoformat()}","members":[{members}],'
        f'"facts":{_facts(household.facts)},"attestations":[],'
        f'"applications":[{applications}],"payee_account":{_payee(household.payee)}}}'
    )


def _member(member: Member) -> str:
    rank = "null" if member.birth_rank is None else member.birth_rank
    return (
        f'{{"idcs":"{member.person.idcs}","kinship":"{member.kinship}",'
        f'"head":{FALSE_TRUE[member.head]},"declarant":{FALSE_TRUE[member.declarant]},'
        f'"schooling":"{member.schooling}","education":"{member.education}",'
        f'"literate":{FALSE_TRUE[member.literate]},"activity":"{member.activity}",'
        f'"occupation":"{member.occupation}","sector":"{member.sector}",'
        f'"health_cover":"{member.health_cover}",'
        f'"orphan_of_father":{FALSE_TRUE[member.orphan_of_father]},'
        f'"severe_disability":{FALSE_TRUE[member.severe_disability]},'
        f'"birth_rank":{rank},"pension":{FALSE_TRUE[member.pension]}}}'
    )


def _facts(facts: Facts) -> str:
    return (
        f'{{"dwelling":"{facts["dwelling"]}","rooms":{facts["rooms"]},'
        f'"family_nuclei":{facts["family_nuclei"]},'
        f'"bath_or_shower":{FALSE_TRUE[facts["bath_or_shower"]]},'
        f'"electricity_meter":{FALSE_TRUE[facts["electricity_meter"]]},'
        f'"computer":{FALSE_TRUE[facts["computer"]]},'
        f'"satellite_dish":{FALSE_TRUE[facts["satellite_dish"]]},'
        f'"fixed_telephone":{FALSE_TRUE[facts["fixed_telephone"]]},'
        f'"bank_loan":{FALSE_TRUE[facts["bank_loan"]]},'
        f'"secondary_dwelling":{FALSE_TRUE[facts["secondary_dwelling"]]},'
        f'"garage":{FALSE_TRUE[facts["garage"]]},'
        f'"business_premises":{FALSE_TRUE[facts["business_premises"]]},'
        f'"mobile_phones":{facts["mobile_phones"]},"cars":{facts["cars"]},'
        f'"motorcycles":{facts["motorcycles"]},'
        f'"non_agricultural_land":{FALSE_TRUE[facts["non_agricultural_land"]]},'
        f'"irrigated_land":{FALSE_TRUE[facts["irrigated_land"]]},"cows":{facts["cows"]},'
        f'"butane_yearly_centimes":{facts["butane_yearly_centimes"]},'
        f'"water_electricity_yearly_centimes":{facts["water_electricity_yearly_centimes"]},'
        f'"phone_internet_yearly_centimes":{facts["phone_internet_yearly_centimes"]},'
        f'"family_allowances":{FALSE_TRUE[facts["family_allowances"]]}}}'
    )


def _payee(payee: Payee | None) -> str:
    if payee is None:
        return "null"
    holder = payee.collector
    return (
        f'{{"kind":"rib","account":"{payee.account}","collector":"{holder.idcs}",'
        f'"name_latin":"{holder.family.latin} {holder.given.latin}"}}'
    )
