import { describe, expect, it } from 'vitest';
import { chosen, FILTER_DIMENSIONS, readFilter, replaceFilter, shortName, toggleFilter, toQueryFilters, writeFilter, type Filter } from './filters';
import { countryCodes, matching } from './matching';
import { readView, writeView } from './view';

const google: Filter = { op: 'is', dimension: 'visit:source', values: ['Google'] };

describe('filters in a link', () => {
  it.each<Filter>([
    google,
    { op: 'is_not', dimension: 'event:page', values: ['/a,b', '/c\\d', ''] },
    { op: 'contains', dimension: 'visit:utm_campaign', values: ['ünï, \\,'] },
    { op: 'is', dimension: 'visit:country', values: ['DE', 'AT'] },
  ])('come back as they were: %j', (f) => expect(readFilter(writeFilter(f))).toEqual(f));

  it.each(['', 'is', 'is,source', 'is,source,', 'like,source,x', 'is,password,x', 'is,visit:source,x'])('that make no sense are left out: %s', (text) => expect(readFilter(text)).toBeNull());

  it('name every dimension by a name of its own', () => {
    expect(new Set(FILTER_DIMENSIONS.map(shortName)).size).toBe(FILTER_DIMENSIONS.length);
  });
});

describe('filters', () => {
  it('toggle', () => {
    expect(toggleFilter([], google)).toEqual([google]);
    expect(toggleFilter([google], { ...google })).toEqual([]);
  });
  it('are replaced in place, added and removed', () => {
    const other: Filter = { op: 'is', dimension: 'visit:os', values: ['Linux'] };
    expect(replaceFilter([google, other], 0, null)).toEqual([other]);
    expect(replaceFilter([google], 0, other)).toEqual([other]);
    expect(replaceFilter([google], -1, other)).toEqual([google, other]);
    expect(replaceFilter([google], -1, null)).toEqual([google]);
  });
  it('become the query’s', () => {
    expect(toQueryFilters([google])).toEqual([['is', 'visit:source', ['Google']]]);
    expect(toQueryFilters([{ ...google, op: 'contains' }])).toEqual([['contains', 'visit:source', ['Google'], { case_sensitive: false }]]);
  });
  it('mark their rows', () => {
    expect([...chosen([google, { ...google, op: 'is_not', values: ['Bing'] }], 'visit:source')]).toEqual(['Google']);
  });
});

describe('searching', () => {
  it('finds countries by name', () => {
    expect(countryCodes('germ')).toEqual(['DE']);
    expect(countryCodes('xyzzy')).toEqual(['ZZ']);
    expect(matching('visit:country', 'united k')).toEqual([['is', 'visit:country', ['GB']]]);
    expect(matching('event:page', '')).toEqual([]);
  });
});

describe('the view in a link', () => {
  it('is plain by default', () => {
    const view = readView({});
    expect(view).toMatchObject({ range: { key: '28d' }, compare: 'previous', filters: [], metric: 'visitors', interval: null, details: null });
    expect(writeView(view)).toEqual({});
  });
  it('comes back as it was', () => {
    const params = { period: 'custom', from: '2026-01-01', to: '2026-02-01', compare: 'year', f: ['is,source,Google', 'contains,page,/blog'], metric: 'bounce_rate', interval: 'week', sources: 'utm_campaign', details: 'page' };
    expect(writeView(readView(params))).toEqual(params);
  });
  it('takes one filter as well as many', () => expect(readView({ f: 'is,source,Google' }).filters).toEqual([google]));
  it('falls back where it is broken', () => {
    const view = readView({ period: 'custom', from: '2026-02-01', to: '2026-01-01', compare: 'no', metric: 'x', interval: 'year', sources: 'browser', f: ['junk'], details: 'x' });
    expect(writeView(view)).toEqual({});
  });
});
